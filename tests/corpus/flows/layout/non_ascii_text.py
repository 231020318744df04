#!/usr/bin/env python
# -*- coding: utf-8 -*-
# idiom: a shebang, a line that names the encoding, and text that is not ASCII
# expect: compiles
"""Ein Fluss für Städte."""
from metaflow import FlowSpec, Parameter, step


class Städte(FlowSpec):
    """Zählt Buchstaben – auch „ß“."""

    ort = Parameter("ort", help="der Name 🏙", default="Zürich")

    @step
    def start(self):
        """日本語の説明"""
        self.länge = len(self.ort)
        self.emoji = "🚀"
        self.next(self.end)

    @step
    def end(self):
        print("→", self.länge)


if __name__ == "__main__":
    Städte()

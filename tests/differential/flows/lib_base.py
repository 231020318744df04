"""Bases of the flow in `inheritance.py`."""

from metaflow import FlowSpec, Parameter, step


class Mixin:
    mixin_constant = [1]

    def help(self):
        return (self.alpha, self.mixin_constant)

    @step
    def end(self):
        self.remember("end of the mixin")


class Base(FlowSpec):
    alpha = Parameter("alpha", default=2)
    base_constant = "base"

    def remember(self, what):
        self.trace = getattr(self, "trace", ()) + ((what, self.base_constant),)

    @step
    def start(self):
        self.remember("start")
        self.next(self.middle)

    @step
    def middle(self):
        self.remember("never")
        self.next(self.end)

    @step
    def end(self):
        self.remember("never")

# mypy: ignore-errors
"""Renders `library_cases.txt` with real libraries and the installed `metaflow`, and prints the results as a JSON list.

Run by both sides: `python library_side.py CASES`. It imports nothing of the tests.
"""

import json
import os
import sys
import warnings
from datetime import date
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import altair as alt
import matplotlib
import numpy as np
import pandas as pd
import PIL.Image
from component_side import PNG, masked

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def figure():
    made, axes = plt.subplots(figsize=(1, 1))
    axes.plot([1, 2], [3, 4])
    return made


def chart():
    return alt.Chart(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})).mark_bar().encode(x="a:Q", y="b:N")


def then(component, *arguments, **words):
    component.update(*arguments, **words)
    return component


class Closed:
    """Shows how many figures are open after a component has taken one."""

    def __init__(self, make):
        plt.close("all")
        make(figure())
        self.left = len(plt.get_fignums())

    def render(self):
        return {"open": self.left}


def main():
    warnings.simplefilter("ignore")
    names = {
        "pd": pd, "np": np, "PIL": PIL.Image, "PNG": PNG, "Decimal": Decimal, "date": date, "figure": figure,
        "chart": chart, "then": then, "closed": Closed,
    }  # fmt: skip
    exec("from metaflow.cards import *", names)
    outcomes = []
    with open(sys.argv[1], encoding="utf-8") as lines:
        for case in lines.read().split("\n"):
            if case and not case.startswith("#"):
                outcomes.append({"case": case, **outcome(case, names)})
                plt.close("all")
    print(json.dumps(outcomes))


def outcome(case, names):
    try:
        return {"gives": masked(json.loads(json.dumps(eval(case, names).render())))}
    except Exception as error:
        return {"raises": type(error).__name__ + ": " + str(error)}


if __name__ == "__main__":
    main()

# mypy: ignore-errors
"""Renders the components of `component_cases.txt` with the installed `metaflow`, and prints the results as a JSON list.

Run by both sides: `python component_side.py CASES`. It imports nothing of the tests.
"""

import base64
import json
import re
import sys
import time
from datetime import date, datetime  # noqa: F401, for the cases
from decimal import Decimal  # noqa: F401

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABRDE8UwAAAABJRU5ErkJggg=="
)
GIF, JPEG, JPEG2, WEBP = (
    b"GIF89a....",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    b"\xff\xd8\xff\xdb\x00",
    b"RIFF\x00\x00\x00\x00WEBPVP8 ",
)
TIMES = ("timestamp", "received_at", "last_update", "first_event", "events_per_minute", "total_runtime_seconds")


def function(x):
    return x + 1


def run(file):
    messages = []
    names = dict(globals())
    exec("from metaflow.cards import *\nfrom metaflow.cards import MetaflowCardComponent, PageComponent", names)
    exec("from metaflow.plugins.cards.card_modules import basic, test_cards", names)

    class Raises(names["MetaflowCardComponent"]):
        def render(self):
            raise ValueError("no")

    class Renders(names["MetaflowCardComponent"]):
        def __init__(self, value):
            self.value = value

        def render(self):
            return self.value

    class Bare(names["MetaflowCardComponent"]):
        pass

    class Shown:
        def __init__(self, text):
            self.text = text

        def __repr__(self):
            return self.text

    class BadRepr:
        def __repr__(self):
            raise RuntimeError("no repr")

    class Viewed:
        def __init__(self, component):
            self.component = component

        def render(self):
            return self.component.get_stats()

    def fake(module, name):
        return type(name, (), {"__module__": module, "to_dict": lambda self: {"made": "by altair"}})()

    def then(component, *arguments, **words):
        component._logger = lambda message, **_: messages.append(message)
        component.update(*arguments, **words)
        return component

    def named(component, id):
        component.component_id = id
        return component

    def slow(component):
        time.sleep(0.01)
        return component

    def circular():
        circle = {}
        circle["a"] = circle
        return circle

    names.update(
        Raises=Raises,
        Renders=Renders,
        Bare=Bare,
        Shown=Shown,
        BadRepr=BadRepr,
        Fake=fake,
        then=then,
        named=named,
        slow=slow,
        circular=circular,
        stats=Viewed,
    )
    outcomes = []
    with open(file, encoding="utf-8") as lines:
        cases = lines.read().split("\n")
    for case in cases:
        if case and not case.startswith("#"):
            del messages[:]
            outcomes.append({"case": case, **outcome(case, names), "said": list(messages)})
    return outcomes


def outcome(case, names):
    try:
        component = eval(case, names)
        rendered = component.render()
        return {
            "is_updatable": getattr(component, "REALTIME_UPDATABLE", None),
            "gives": masked(json.loads(json.dumps(rendered))),
        }
    except Exception as error:
        return {"raises": masked(type(error).__name__ + ": " + str(error))}


def masked(value, key=""):
    """Replaces what differs between runs: ids, times, addresses, frames of a traceback, names of `__init__`s."""
    if key in TIMES and isinstance(value, float):
        return "<time>"
    if isinstance(value, dict):
        return {name: masked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return str(value)
    if not isinstance(value, str):
        return value
    value = re.sub(r"\b([a-z]+)_[0-9a-f]{6}\b", r"\1_ID", value)
    value = value.replace(__name__ + ".", "")
    value = re.sub(r"0x[0-9a-f]+", "0xADDRESS", value)
    value = re.sub(r"\w+(\.<locals>)?\.(\w+\(\) (missing|got|takes))", r"\2", value)
    return re.sub(r"Traceback \(most recent call last\):\n(?:[ ].*\n)*", "Traceback\n", value)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))

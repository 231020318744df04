"""Writes `docs/decorators.md` from the decorators' files and the targets: `python -m tests.support.decorator_page`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from flowc.compiler.decorators._build import specifications
from flowc.compiler.decorators.decorator import Specification, always
from flowc.targets.target import emitter
from flowc.targets.target import names as targets

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/decorators.md"
TITLES = {"argo": "Argo", "airflow": "Airflow", "step-functions": "Step Functions"}
HEAD = """\
# Decorators

flowc knows these decorators, with all of their attributes, and checks their values when it reads the flow (`flowc explain FLOW121`).
A target that cannot honour a decorator says so, and what would be lost (`flowc explain FLOW501`); it never drops one silently.
`--with NAME:attribute=value` puts a decorator on every step ([cli.md](cli.md)).
"""


def document() -> str:
    """Returns the text of the page."""
    specs = specifications()
    names = targets()
    titles = [TITLES.get(name, name) for name in names]
    rows = [
        f"| [`@{one.name}`](#{one.name}) | {_level(one)} | {' | '.join(_status(one, emitter(name).HONOURED) for name in names)} |"
        for one in specs
    ]
    table = [f"| decorator | goes on | {' | '.join(titles)} |", "|---|---|" + "---|" * len(names), *rows]
    return "\n".join([HEAD, *table, *(line for one in specs for line in ("", *_section(one)))]) + "\n"


def _section(one: Specification) -> list[str]:
    module = import_module(f"flowc.compiler.decorators.{one.name}")
    assert module.__doc__, (
        f"compiler/decorators/{one.name}.py has no docstring, which is its part of docs/decorators.md"
    )
    attributes = ", ".join(f"`{name}={value!r}`" for name, value in one.attributes.items())
    several = " It may be given several times." if one.multiple else ""
    return [f"## `@{one.name}`", "", module.__doc__.strip(), "", f"Attributes: {attributes or 'none'}.{several}"]


def _level(one: Specification) -> str:
    return "a step" if one.level == "step" else "the flow"


def _status(one: Specification, honoured: frozenset[str]) -> str:
    if one.name in honoured or (one.in_task and not one.gang):
        return "honoured"
    if one.in_image:
        return "refused; a warning where an image is named"
    return "refused" if one.has_effect is always else "refused where it asks for something"


if __name__ == "__main__":
    PAGE.write_text(document())

"""Writes `docs/cards.md` from `examples/cards.py`: `python -m tests.support.cards_page`."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/cards.md"
EXAMPLE = ROOT / "examples/cards.py"
HEAD = """\
# Cards

A card shows what a step has found. `@card` gives a step one; a card of type `default` shows the task, its artifacts and
its code by itself, and what the step appends to `current.card`. One of type `blank` shows only that. A failed attempt
keeps its card, too. A step that runs shows the card's state with `current.card.refresh()`.

    flowc run examples/cards.py --run-id cards
    flowc card view cards/start --id gallery

opens the card below, which has every component; `flowc report` and `flowc ui` ([pages.md](pages.md)) show the cards of a
run beside its tasks, and all of them in a grid. `flowc card server` serves that grid while a run goes on. Cards follow
the reader's theme, light or dark.

![The card with every component](pictures/cards.png)

## Components

The flow appends what these functions return: `current.card["gallery"].extend(markdown())`. The components come from
`metaflow.cards`.
"""

TAIL = """
## Compared with Metaflow

The decorator, the components with the JSON that they give, `current.card`, classes of cards and `get_cards` are
Metaflow's, and so are the words of `python flow.py card`. These differ:

| | Metaflow | flowc |
|---|---|---|
| what is stored | HTML, at least 1 MB a card | a few KB of JSON, which becomes HTML when somebody looks; HTML of custom types |
| the next step | waits until each card is made, in a process of its own | waits a few milliseconds; for custom types until they are made |
| a failed attempt | has a card only if the step called `refresh()` | has its card, with what had been appended and the exception |
| attempts | a card does not tell its attempt | it does; the last attempt comes first |
| HTML in Markdown | runs | is shown as text |
| NaN in a table or chart | leaves the whole card blank | is shown as empty |
| a network | asks for a font | none: the policy of each page forbids it |
| custom types | their HTML may do everything | runs in a sandboxed frame without a network |
| `card server` | listens on all interfaces, without a password | listens on this machine, with a token |
| size | no limit | 10 MB, then the largest components are left out; for custom types 100 MB |
| a table's frame | `from_dataframe(truncate=False)` changes it | it is copied |
| to update a component of code or of an exception | fails the step | is a warning |

What Metaflow has and flowc has not: names of objects below `mf.cards`, and so `METAFLOW_CARD_S3ROOT` and the like; a
card's HTML in the layout of Metaflow's user interface (`?embed=true`); cards that load scripts from a CDN; metadata of
the kind `card-info`; the hidden options of `card create`, with which Metaflow's own process calls itself; and the
classes behind the client.
"""


def document() -> str:
    """Returns the text of the page."""
    source = EXAMPLE.read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    return HEAD + "".join(_section(source, functions[name]) for name in _names(source)) + TAIL


def _names(source: str) -> list[str]:
    """Returns the functions of components, in the order of the card."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMPONENTS":
            assert isinstance(node.value, ast.List)
            return [ast.unparse(item) for item in node.value.elts]
    raise AssertionError("examples/cards.py has no COMPONENTS")


def _section(source: str, function: ast.FunctionDef) -> str:
    title = function.name.replace("_", " ").capitalize()
    code = "\n".join(source.split("\n")[function.lineno - 1 : function.end_lineno])
    doc = ast.get_docstring(function)
    assert doc, f"{function.name} needs a docstring: it is the text of the page"
    without = "\n".join(line for line in code.split("\n") if line.strip() != f'"""{doc}"""')
    return f"\n### {title}\n\n{doc}\n\n```python\n{without}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")

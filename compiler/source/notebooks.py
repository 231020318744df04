"""Notebooks: the code cells of a `.ipynb` file, each as a source file of its own.

A cell is named `NOTEBOOK.ipynb:cell N`, counted from 1 over all cells, so that a place in it is
`NOTEBOOK.ipynb:cell N:LINE:COLUMN`. Commands of IPython are no Python: each line keeps its place, and does nothing.
"""

from __future__ import annotations

import json
import re

from ..report.diagnostics import Diagnostic, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Parse = Callable[[str, str], Any]

SUFFIX = ".ipynb"
_MARK = f"{SUFFIX}:cell "
_KEPT_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # the cell's other lines are Python
_WRITES = re.compile(r"%%(?:writefile|file)\s+(?:-a\s+|--append\s+)?\S+\.py\s*$")
_COMMAND = re.compile(r"^(\s*)(?:[%!]|\?{1,2}\w|\w[\w.]*\?{1,2}\s*$).*")
_ASSIGNED = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*")
_DEFINES_A_FLOW = re.compile(r"^[ \t]*class\s+\w+\s*\([^)]*\w+[^)]*\)", re.MULTILINE)


def is_cell(name: str) -> bool:
    """Returns True for the name of a notebook's cell."""
    return _MARK in name


def cell_text(name: str, read: Callable[[str], bytes], parse: Parse) -> str:
    """Returns the Python text of the cell of that name. `read` returns a file's bytes by its name, and `parse` is
    `text.syntax_tree`. Raises Refused.
    """
    notebook, _, number = name.rpartition(_MARK)
    for at, text in _code(f"{notebook}{SUFFIX}", read(f"{notebook}{SUFFIX}"), parse):
        if str(at) == number:
            return text
    raise _broken(name, "the notebook has no such code cell")


def flow_cells(name: str, data: bytes, parse: Parse) -> list[str]:
    """Returns the names of the cells that may define a flow. Raises Refused if the file is no notebook."""
    return [
        f"{name.removesuffix(SUFFIX)}{_MARK}{at}"
        for at, text in _code(name, data, parse)
        if ("@step" in text or "@metaflow.step" in text or "FlowSpec)" in text) and _DEFINES_A_FLOW.search(text)
    ]


def _code(name: str, data: bytes, parse: Parse) -> list[tuple[int, str]]:
    """Returns the number and the Python text of each code cell; not of those in another language."""
    try:
        cells = json.loads(data)["cells"]
        code = [
            (at, source if isinstance(source, str) else "".join(source))
            for at, cell in enumerate(cells, 1)
            for source in [cell["source"]]
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _broken(name, "it is not the JSON of a notebook of version 4") from None
    return [(at, python) for at, text in code if (python := _python(text, parse)) is not None]


def _python(text: str, parse: Parse) -> str | None:
    """Returns the cell's text with IPython's commands left out; None for a cell in another language."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        if not (_WRITES.match(lines[first]) or lines[first].split()[0] in _KEPT_MAGICS):
            return None
        lines[first] = ""
    rest = "\n".join(lines)
    if not any(_COMMAND.match(line) or _ASSIGNED.match(line) for line in lines) or _is_python(rest, parse):
        return rest
    return "\n".join(_COMMAND.sub(r"\1pass", _ASSIGNED.sub(r"\1None", line)) for line in lines)


def _is_python(text: str, parse: Parse) -> bool:
    try:
        parse(text, "cell")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _broken(name: str, why: str) -> Refused:
    return Refused(
        [
            Diagnostic(
                "FLOW001", f"`{name}` cannot be read", None, why, "save the notebook with Jupyter, or check the path"
            )
        ]
    )

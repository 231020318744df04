"""Notebooks: which cells define a flow, and the Python text of a cell, line for line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flowc.compiler.report.diagnostics import Refused
from flowc.compiler.source.notebooks import cell_text, flow_cells
from flowc.compiler.source.text import syntax_tree

from tests.support.running import flowc

FLOW = """class Named(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""
IMPORT = "from metaflow import FlowSpec, step\n"


def notebook(*cells: str) -> bytes:
    kept: list[dict[str, object]] = [{"cell_type": "markdown", "source": f"# {IMPORT}{FLOW}"}]
    kept += [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in cells]
    return json.dumps({"cells": kept, "nbformat": 4}).encode()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install x\nif x:\n    !ls {x}\n    y = 2", "pass\nif x:\n    pass\n    y = 2"),
        ("files = !ls\ntook = %timeit -o f()", "files = None\ntook = None"),
        ("?print\nprint?\na.b??\nx = 1", "pass\npass\npass\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%writefile flows/f.py\nx = 1\n", "\nx = 1\n"),
        ('text = """\n%s\n!kept\n"""', 'text = """\n%s\n!kept\n"""'),
        ("x = 7 \\\n% 3", "x = 7 \\\n% 3"),
    ],
)
def test_commands_of_ipython_do_nothing(written: str, read: str) -> None:
    assert cell_text("n.ipynb:cell 2", lambda _name: notebook(written), syntax_tree) == read


def test_cells_that_define_flows() -> None:
    cells = [IMPORT + FLOW, "x = 1", f"%%bash\n{FLOW}", f"%%writefile f.py\n{IMPORT}{FLOW}", "class A(B):\n    pass"]
    cells += [f"%%writefile notes.txt\n{FLOW}", FLOW]
    assert flow_cells("a/n.ipynb", notebook(*cells), syntax_tree) == [f"a/n.ipynb:cell {at}" for at in (2, 5, 8)]


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": 1}', b'{"cells": [{"cell_type": "code"}]}', b"\xff"])
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="FLOW001"):
        flow_cells("n.ipynb", data, syntax_tree)


def test_check_reports_the_cell_and_the_line(tmp_path: Path) -> None:
    wrong = f"%pip install x\n{IMPORT}{FLOW.replace('self.end)', 'self.edn)')}"
    (tmp_path / "n.ipynb").write_bytes(notebook(f"{IMPORT}import beside\n{FLOW}", wrong, FLOW))
    (tmp_path / "beside.py").write_text("")
    done = flowc("check", "n.ipynb", "--format", "concise", cwd=tmp_path)
    assert done.returncode == 1
    assert [line.split(" ")[:3] for line in done.stderr.splitlines()[:-1]] == [
        ["n.ipynb:cell", "3:6:9", "FLOW206"],
        ["n.ipynb:cell", "4:1:1", "FLOW101"],
    ]
    done = flowc("check", str(tmp_path / "n.ipynb"), cwd=tmp_path)
    assert "cell 2: no problems (Named, 2 steps)" in done.stdout


def test_compile_says_how_a_cell_becomes_a_file(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_bytes(notebook(IMPORT + FLOW))
    done = flowc("compile", "n.ipynb", "--target", "argo", cwd=tmp_path)
    assert done.returncode == 1 and "%%writefile flow.py" in done.stderr

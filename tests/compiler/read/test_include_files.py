"""`IncludeFile` and parameters with functions as defaults, in the IR and in the code package."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from flowc.compiler.ir import nodes
from flowc.compiler.ir.json_form import from_json, to_json
from flowc.compiler.ir.validity import violations
from flowc.compiler.package.archive import build
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Refused

FLOW = """
import os
from metaflow import FlowSpec, IncludeFile, Parameter, step

def beside(name):
    import os
    folder = os.path.join(os.path.dirname(__file__))
    return os.path.join(folder, name)

class F(FlowSpec):
    {line}

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def program(folder: Path, line: str) -> Program:
    folder.mkdir(exist_ok=True)
    (folder / "flow.py").write_text(FLOW.format(line=line))
    loaded = load(str(folder / "flow.py"))
    assert list(violations(loaded.flow, loaded.scope)) == []
    assert from_json(to_json(loaded.flow, loaded.scope)) == (loaded.flow, loaded.scope)
    return loaded


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "default",
    ["'data.csv'", "beside('data.csv')", "os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data.csv')"],
)
def test_the_default_travels_with_the_code(default: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "data.csv").write_bytes(b"a\r\nb")
    loaded = program(tmp_path / "flows", f"data = IncludeFile('d', default={default}, help='a table')")
    (one,) = loaded.flow.parameters
    assert (one.type, one.default, one.has_default, one.include) == (
        "file",
        "data.csv",
        True,
        nodes.Include(True, "utf-8", digest(b"a\r\nb")),
    )
    assert loaded.files[f"flowc.include/{digest(b'a' + bytes([13, 10]) + b'b')}"] == b"a\r\nb"
    assert loaded.flow.inputs == (
        nodes.Input("file", "d", "data.csv", f"sha256:{digest(b'a' + bytes([13, 10]) + b'b')}"),
    )
    before = build(loaded.flow, loaded.scope, loaded.files).digest
    (tmp_path / "flows" / "data.csv").write_bytes(b"other")
    changed = load(str(tmp_path / "flows" / "flow.py"))
    assert build(changed.flow, changed.scope, changed.files).digest != before


def test_the_current_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "data.csv").write_text("beside")
    (tmp_path / "data.csv").write_text("here")
    loaded = program(tmp_path / "flows", "data = IncludeFile('d', default='data.csv')")
    assert [diagnostic.code for diagnostic in loaded.diagnostics if diagnostic.code == "FLOW314"] == ["FLOW314"]
    assert loaded.flow.parameters[0].include == nodes.Include(True, "utf-8", digest(b"here"))
    (tmp_path / "data.csv").write_text("beside")
    assert not [
        diagnostic
        for diagnostic in load(str(tmp_path / "flows" / "flow.py")).diagnostics
        if diagnostic.code == "FLOW314"
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = IncludeFile('x')", ("file", None, False, False, nodes.Include(True, "utf-8", ""))),
        (
            "x = IncludeFile('x', required=True, is_text=False)",
            ("file", None, False, True, nodes.Include(False, "utf-8", "")),
        ),
        (
            "x = IncludeFile('x', default='gone.csv')",
            ("file", "gone.csv", True, False, nodes.Include(True, "utf-8", "")),
        ),
        (
            "x = IncludeFile('x', False, None, 'latin-1', None, None)",
            ("file", None, False, False, nodes.Include(True, "latin-1", "")),
        ),
        ("x = Parameter('x', lambda context: context.flow_name)", ("str", "F", True, False, None)),
        ("x = Parameter('x', default=lambda context: [1], type=dict)", ("json", [1], True, False, None)),
        ("x = Parameter('x', default='a', required=True)", ("str", "a", True, False, None)),
        ("x = Parameter('x', type=bool)", ("bool", None, False, False, None)),
    ],
)
def test_parameters(line: str, expected: tuple[object, ...], tmp_path: Path) -> None:
    (one,) = program(tmp_path, line).flow.parameters
    assert (one.type, one.default, one.has_default, one.required, one.include) == expected and not one.computed


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("x = Parameter('x', default=lambda context: os.getcwd(), required=True)", "str"),
        ("x = Parameter('x', default=lambda context: os.getpid(), type=int)", "int"),
        ("x = Parameter('x', default=lambda context: context.user_name)", "str"),
        ("x = IncludeFile('x', default=lambda context: f'{os.getpid()}/x')", "file"),
    ],
)
def test_functions_that_only_a_run_can_call(line: str, kind: str, tmp_path: Path) -> None:
    (one,) = program(tmp_path, line).flow.parameters
    assert (one.type, one.computed, one.has_default, one.required, one.default) == (kind, True, False, False, None)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.compiler.read.include_files.MAX_BYTES", 3)
    (tmp_path / "data.csv").write_text("abc")
    assert program(tmp_path, "x = IncludeFile('x', default=beside('data.csv'))").flow.parameters
    (tmp_path / "data.csv").write_text("abcd")
    with pytest.raises(Refused) as refused:
        program(tmp_path, "x = IncludeFile('x', default=beside('data.csv'))")
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["FLOW312"]


def test_a_module_that_only_a_parser_names_travels_too(tmp_path: Path) -> None:
    (tmp_path / "parsing.py").write_text("def rows(text): return text.split()\n")
    assert set(program(tmp_path, "x = IncludeFile('x', parser='parsing.rows')").files) == {"flow.py", "parsing.py"}


def test_where_the_flow_is_does_not_matter(tmp_path: Path) -> None:
    digests = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "data.csv").write_text("x")
        loaded = program(folder, "data = IncludeFile('d', default=beside('data.csv'))")
        digests.add(build(loaded.flow, loaded.scope, loaded.files).digest)
    assert len(digests) == 1 and os.sep not in str(loaded.flow.parameters[0].default)

"""Files as parameters in the shim: references, content, and defaults that are functions."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.contract import included_file, parameters
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.local.deploy_time import computed
from flowc.runtime_shim.store import open_store


def declared(digest: str = "", is_text: bool = True, encoding: str = "utf-8", required: bool = False) -> dict[str, Any]:
    return {
        "name": "f", "attribute": "f", "type": "file", "default": "x" if digest else None, "has_default": bool(digest), "required": required,
        "separator": "", "computed": False, "include": {"is_text": is_text, "encoding": encoding, "digest": digest},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("s3://b/k", {"url": "s3://b/k"}), ("file:///a/b", {"url": "file:///a/b"}), ("text:", {"text": ""}), ("text:a\nb", {"text": "a\nb"}),
        ({"file": "0" * 64}, {"file": "0" * 64}), ({"url": "s3://b/k"}, {"url": "s3://b/k"}),
    ],
)  # fmt: skip
def test_references(value: Any, expected: Any) -> None:
    assert parameters.convert([declared()], {"f": value}) == {"f": expected}


@pytest.mark.parametrize("value", ["movies.csv", "/data/movies.csv", "", 3, [], {"path": "x"}, {"file": 1}])
def test_what_no_task_can_read(value: Any) -> None:
    with pytest.raises(ShimError, match="parameter 'f'.*text:CONTENT"):
        parameters.convert([declared()], {"f": value})


def test_defaults() -> None:
    assert parameters.convert([declared("a" * 64)], {}) == {"f": {"file": "a" * 64}}
    assert parameters.convert([declared("a" * 64)], {"f": "<default>"}) == {"f": {"file": "a" * 64}}
    assert parameters.convert([declared("a" * 64)], {"f": None}) == {"f": {"file": "a" * 64}}
    assert parameters.convert([declared()], {"f": "null"}) == {"f": None} == parameters.convert([declared()], {})
    with pytest.raises(ShimError, match="a value is required"):
        parameters.convert([declared(required=True)], {})


def test_content(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    data = "é\r\nx\r".encode("latin-1")
    digest = hashlib.sha256(data).hexdigest()
    packaged = tmp_path / "code" / "flowc.include"
    packaged.mkdir(parents=True)
    (packaged / digest).write_bytes(data)
    (tmp_path / "seen").write_bytes(data)

    def content(reference: Any, folder: str = "", **attributes: Any) -> Any:
        return included_file.content(declared(**attributes), reference, store, "F", folder)

    assert content({"file": digest}, str(tmp_path / "code"), encoding="latin-1") == "é\nx\n"
    assert content({"file": digest}, str(tmp_path / "code"), is_text=False) == data
    assert content({"url": f"file://{tmp_path}/seen"}, encoding="latin-1") == "é\nx\n"
    assert included_file.put(store, "F", data) == {"file": digest} == included_file.put(store, "F", data)
    assert content({"file": digest}, is_text=False) == data
    assert (
        content({"text": "a\r"}) == "a\r"
        and content({"text": "é"}, is_text=False) == "é".encode()
        and content(None) is None
    )
    for reference, attributes, message in (
        ({"file": digest}, {}, "not valid utf-8 text"), ({"file": "0" * 64}, {}, "no file"), ({"url": "file:///nowhere"}, {}, "no file file:///nowhere"),
        ({"file": digest}, {"encoding": "nothing"}, "not valid nothing text"),
    ):  # fmt: skip
        with pytest.raises(ShimError, match=f"parameter 'f'.*{message}"):
            content(reference, **attributes)


MODULE = """
from metaflow import FlowSpec, IncludeFile, Parameter, step

print("imported")

def fails(context):
    raise ValueError("no")

class F(FlowSpec):
    a = Parameter("a", default=lambda c: f"{c.flow_name} {c.user_name} {c.parameter_name} {c.ds_type} {c.configs}")
    b = Parameter("b", type=int, default=lambda c: c.logger("hello") or 3)
    c = Parameter("c", type=int, default=lambda c: "3")
    d = Parameter("d", default=lambda c: 3)
    e = Parameter("e", default=fails)
    f = IncludeFile("f", default=lambda c: "/x")

    @step
    def start(self): pass
"""


def test_functions_as_defaults(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.py").write_text(MODULE)
    kinds = {"a": "str", "b": "int", "c": "int", "d": "str", "e": "str", "f": "file"}
    flow = {
        "file": "f.py",
        "name": "F",
        "decorators": [],
        "steps": [],
        "parameters": [{"attribute": kind} for kind in kinds],
    }

    def call(*names: str) -> Any:
        functions = [{"name": name, "attribute": name, "type": kinds[name]} for name in names]
        return computed(str(tmp_path), flow, functions, "ada", "local")

    assert call("a", "b", "f") == {"a": "F ada a local {}", "b": 3, "f": "/x"}
    printed = capfd.readouterr()
    assert printed.out == "" and "imported" in printed.err and "hello" in printed.err
    with pytest.raises(ShimError) as error:
        call("a", "c", "d", "e")
    assert str(error.value).split("; ") == [
        "parameter 'c': the function for its default returned str, not int",
        "parameter 'd': the function for its default returned int, not text",
        "parameter 'e': the function for its default failed: ValueError: no",
    ]
    (tmp_path / "f.py").write_text("import nothing_of_the_kind\n")
    with pytest.raises(ShimError, match="cannot be imported"):
        call("a")
    assert os.getpid()

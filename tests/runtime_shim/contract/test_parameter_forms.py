"""Values of parameters with a form: from a text, in run.json, and as steps see them."""

from __future__ import annotations

import datetime
import uuid
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.ir.nodes import Form
from flowc.runtime_shim.contract import parameters
from flowc.runtime_shim.contract.errors import ShimError

KEY = "12345678-1234-5678-1234-567812345678"
DAY = {"made": "datetime", "formats": ("%Y-%m-%d", "%d.%m.%Y")}


def declared(kind: str, form: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = Form(**form)
    fields = {name: getattr(made, name) for name in made.__match_args__}
    plain = {"name": "x", "attribute": "x", "type": kind, "default": None, "has_default": False, "required": False}
    return {**plain, "separator": "", "form": fields, **more}


@pytest.mark.parametrize(
    ("kind", "form", "raw", "kept", "seen"),
    [
        ("str", {"choices": ("a", "B")}, "B", "B", "B"),
        ("str", {"choices": ("a", "B"), "any_case": True}, "b", "B", "B"),
        ("int", {"least": 1, "most": 3}, "3", 3, 3),
        ("int", {"least": 1, "most": 3, "is_clamped": True}, "9", 3, 3),
        ("float", {"least": 1, "is_clamped": True}, 0, 1.0, 1.0),
        ("json", {"items": ("int",), "is_repeated": True, "made": "tuple"}, "[1, 2]", [1, 2], (1, 2)),
        ("json", {"items": ("int",), "is_repeated": True, "made": "tuple"}, ["1", "2"], [1, 2], (1, 2)),
        ("json", {"items": ("str",), "is_repeated": True, "made": "tuple"}, "a b", ["a", "b"], ("a", "b")),
        ("json", {"items": ("str",), "is_repeated": True, "made": "tuple"}, [], [], ()),
        ("json", {"items": ("int",), "count": 2, "made": "tuple"}, "1 2", [1, 2], (1, 2)),
        (
            "json", {"items": ("int",), "count": 2, "is_repeated": True, "made": "tuple"}, "1 2 3 4",
            [[1, 2], [3, 4]], ((1, 2), (3, 4)),
        ),
        ("json", {"items": ("str", "int"), "count": 2, "made": "tuple"}, ["a", "1"], ["a", 1], ("a", 1)),
        ("json", {"items": ("any",), "count": 0, "made": "tuple"}, [1, "x"], [1, "x"], (1, "x")),
        ("json", {"items": ("str",), "is_repeated": True, "choices": ("a",), "made": "tuple"}, ["a"], ["a"], ("a",)),
        ("json", {"items": ("str",), "is_repeated": True, **DAY}, ["2024-01-02"], ["2024-01-02"], None),
        ("str", DAY, "02.01.2024", "02.01.2024", datetime.datetime(2024, 1, 2)),
        ("str", {"made": "uuid"}, KEY, KEY, uuid.UUID(KEY)),
        ("str", {"made": "path"}, "a/b", "a/b", Path("a/b")),
        ("str", {"made": "call"}, "ab", "ab", "AB"),
    ],
)  # fmt: skip
def test_values(kind: str, form: dict[str, Any], raw: Any, kept: Any, seen: Any) -> None:
    parameter = declared(kind, form)
    value = parameters.convert([parameter], {"x": raw})["x"]
    assert value == kept and type(value) is type(kept)
    made = parameters.in_step(parameter, value, str.upper)
    assert made == seen if seen is not None else made == (datetime.datetime(2024, 1, 2),)


@pytest.mark.parametrize(
    ("kind", "form", "raw", "problem"),
    [
        ("str", {"choices": ("a", "b")}, "c", "'c' is not one of 'a', 'b'"),
        ("int", {"most": 3}, "4", "4 is more than 3"),
        ("float", {"least": 0}, "-1", "-1.0 is less than 0"),
        ("str", DAY, "x", "not a date of the form %Y-%m-%d or %d.%m.%Y"),
        ("str", {"made": "uuid"}, "x", "'x' is not a UUID"),
        ("json", {"items": ("int",), "count": 2, "made": "tuple"}, "1", "it needs 2 values, not 1"),
        ("json", {"items": ("int",), "is_repeated": True, "made": "tuple"}, "[1, x]", "not a list in JSON"),
        ("json", {"items": ("int",), "is_repeated": True, "made": "tuple"}, "1 y", "'y' is not a whole number"),
        ("json", {"items": ("int",), "count": 2, "is_repeated": True}, "1 2 3", "it needs 2 values at a time, not 3"),
        ("str", {"path": ("exists",)}, "/nowhere/x", "'/nowhere/x' does not exist"),
    ],
)
def test_values_that_are_not_allowed(kind: str, form: dict[str, Any], raw: Any, problem: str) -> None:
    with pytest.raises(ShimError, match=problem.replace("[", "\\[")):
        parameters.convert([declared(kind, form)], {"x": raw})


def test_paths_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, wanted in ((tmp_path, "file"), (tmp_path / "file", "folder")):
        with pytest.raises(ShimError, match="is a f"):
            parameters.convert([declared("str", {"path": (wanted,)})], {"x": str(path)})
    found = parameters.convert([declared("str", {"path": ("exists", "file", "readable", "absolute")})], {
        "x": f"{tmp_path}/../{tmp_path.name}/file"
    })  # fmt: skip
    assert found == {"x": str((tmp_path / "file").resolve())}


def test_a_function_that_refuses_a_value_names_the_parameter() -> None:
    with pytest.raises(ShimError, match="parameter 'x': ValueError"):
        parameters.in_step(declared("str", {"made": "call"}), "a", int)


def test_a_variable_of_the_container_gives_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    required = declared("int", {"container": "FLOWC_TEST_N"})
    with pytest.raises(ShimError, match="the variable 'FLOWC_TEST_N', which the environment of the first task lacks"):
        parameters.convert([required], {})
    with_default = declared("int", {"container": "FLOWC_TEST_N"}, has_default=True, default=4)
    assert parameters.convert([with_default], {"x": parameters.DEFAULT_TEXT}) == {"x": 4}
    monkeypatch.setenv("FLOWC_TEST_N", "7")
    assert parameters.convert([required], {"x": "null"}) == {"x": 7}
    assert parameters.convert([with_default], {}) == {"x": 7}
    assert parameters.convert([with_default], {"x": "8"}) == {"x": 8}


def test_a_path_that_each_task_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    form = declared("str", {"made": "place"})
    assert parameters.in_step(form, "{flow}/table.csv", None, "/code") == "/code/table.csv"
    assert parameters.in_step(form, "{current}/cache", None, "/code") == f"{tmp_path}/cache"
    assert parameters.in_step(form, "~/models", None, "/code") == "/home/ann/models"
    assert parameters.in_step(form, "/mnt/x", None, "/code") == "/mnt/x" and parameters.in_step(form, None) is None
    assert parameters.in_step(declared("str", {"made": "place_path"}), "{flow}/a", None, "/code") == Path("/code/a")

"""The feature flows in a local run: their artifacts are what Metaflow's language requires."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS
from tests.support.running import dump, run

HOSTILE_PATH = "Ref::path $.x $$.Execution.Id $(HOME) ${HOME} `id` 'single' \"double\" \\ \\n\n\ttab"

# flow, arguments, what tasks must have left: {(step, path): {artifact: value}}
CASES: list[tuple[str, list[str], dict[tuple[str, str], dict[str, Any]]]] = [
    ("linear", [], {("end", "-"): {"text": "hello ada, hello grace", "greeting": "hello", "names": ["ada", "grace"]}}),
    ("branches", [], {("join", "-"): {"spread": 2, "low": 1, "high": 3}, ("end", "-"): {"summary": (1, 3, 2, "kept")}}),
    (
        "foreach", [],
        {("double", "1"): {"doubled": "bb", "at": 1}, ("join", "-"): {"word": "aabbcc", "order": [0, 1, 2]}, ("end", "-"): {"done": True}},
    ),
    (
        "nested_foreach", [],
        {
            ("cell", "1.1"): {"product": 40, "stack": [(1, 2, 2), (1, 2, 20)]}, ("total", "1"): {"sum": 60, "where": 1},
            ("end", "-"): {"sums": [10, 60], "grand_total": 70, "rows_seen": [0, 1]},
        },
    ),
    (
        "branches_in_foreach_in_branch", [],
        {("join_signs", "1"): {"pair": (103, 101)}, ("end", "-"): {"all_pairs": [(102, 100), (103, 101)], "count": 2}},
    ),
    (
        "own_init", [],
        {("start", "-"): {"factor": 11}, ("work", "1"): {"y": 20}, ("end", "-"): {"line": "30 prod False", "factor": 10, "seen": ["only in inputs"] * 2}},
    ),
    ("switch", [], {("end", "-"): {"message": "took the quick way"}}),
    ("switch", ["--size", "big"], {("end", "-"): {"message": "took the thorough way"}}),
    ("switch", ["--size", "huge"], {("unite", "-"): {"way": "lr"}, ("end", "-"): {"message": "took the lr way"}}),
    (
        "switch_in_foreach", [],
        {("note", "2"): {"line": "3 odd 10"}, ("end", "-"): {"results": [4, 1, 10], "lines": ["1 odd 4", "2 even 1", "3 odd 10"]}},
    ),
    (
        "switch_meeting", [],
        {("past", "-"): {"trace": ["start", "choose", "past"]}, ("end", "-"): {"traces": [["start", "choose", "past", "item", "item_choose", "item_past"]]}},
    ),
    (
        "switch_meeting", ["--first", "meet", "--items", "meet,on-note,on-past"],
        {
            ("end", "-"): {
                "traces": [
                    ["start", "meet", "item", "item_meet"],
                    ["start", "meet", "item", "item_choose", "item_note", "item_meet"],
                    ["start", "meet", "item", "item_choose", "item_past"],
                ],
            },
        },
    ),
    (
        "switch_meeting", ["--second", "note", "--items", "meet"],
        {("end", "-"): {"traces": [["start", "choose", "note", "meet", "item", "item_meet"]]}},
    ),
    (
        "recursive_switch", [],
        {("collatz", "-~3"): {"trace": [5, 16, 8, 4]}, ("end", "-"): {"length": 6, "word": "long", "trace": [5, 16, 8, 4, 2, 1]}},
    ),
    (
        "configs", [],
        {
            ("start", "-"): {
                "variables": ["small", "4"], "value": 40, "refused": "ConfigValue is immutable", "alpha": 0.25,
                "kinds": ["ConfigValue", "ConfigValue", "list", "str", "NoneType"],
            },
            ("end", "-"): {"went": "blue", "same": True, "keys": ["alpha", "colour", "deep", "memory"], "nothing": None, "text": "as it is"},
        },
    ),
    (
        "configs", ["--alpha", "0.5", "--config-value", "settings", '{"alpha": 1, "memory": 1, "colour": "red", "deep": {"value": 20}}'],
        {("end", "-"): {"went": "red", "alpha": 0.5, "keys": ["alpha", "colour", "deep", "memory"]}},
    ),
    ("events", ["--day", "3"], {("start", "-"): {"read": ("prices", 3), "by": []}, ("end", "-"): {"still": []}}),
    ("loop_in_foreach", [], {("count_down", "1~2"): {"visits": 3}, ("end", "-"): {"results": [(0, 1, 1), (1, 3, 3)]}}),
    (
        "catch_in_foreach", [],
        {
            ("divide", "0"): {"quotient": 10, "failure": None, "attempt": 0}, ("divide", "1"): {"attempt": 1},
            ("end", "-"): {"quotients": [10, None, 5], "failures": [None, "builtins.ZeroDivisionError", None]},
        },
    ),
    (
        "parameter_forms", [],
        {
            ("start", "-"): {"seen": ["small", None, 2, 10.0, (), (0.0, 1.0), ("a", 1), False]},
            ("end", "-"): {"more": ["2024-02-29T00:00:00", "out.csv", ["a", "b"]]},
        },
    ),
    (
        "parameter_forms", ["--size=large", "--kind=NET", "--workers=8", "--depth=-1", "--table=x y", "--table=z", "--window", "2", "3", "--quiet", "--names=p+q"],
        {
            ("start", "-"): {"seen": ["large", "Net", 8, -1.0, ("x y", "z"), (2.0, 3.0), ("a", 1), True]},
            ("end", "-"): {"names": ["p", "q"]},
        },
    ),
    (
        "parameters", [],
        {
            ("end", "-"): {
                "seen": ['say "hi" & bye', 3, 0.5, False, {"a": [1, 2]}, ["x", "y", "z"], None],
                "types": ["str", "int", "float", "bool", "dict", "list", "NoneType"],
            }
        },
    ),
    (
        "parameters", ["--text", "{{x}} $HOME é\n'", "--number", "-7", "--learning-rate", "1e-3", "--verbose", "true", "--table", "[1]", "--words", "p", "--note", "n"],
        {("end", "-"): {"seen": ["{{x}} $HOME é\n'", -7, 0.001, True, [1], ["p"], "n"]}},
    ),
    (
        "gang", [],
        {("node", "1"): {"total": 7, "seen": (1, 1, 3, True)}, ("join", "-"): {"totals": [3, 7, 5]}, ("end", "-"): {"totals": [3, 7, 5]}},
    ),
    (
        "own_decorators", [],
        {
            ("start", "-"): {"notes": ["before start first", "after start"]}, ("skipped", "-"): {"left_out": "skipped"},
            ("body", "1"): {"forgiven": "ZeroDivisionError"},
            ("end", "-"): {
                "shares": [-60, None, 60], "forgiven": [None, "ZeroDivisionError", None], "has_ran": False,
                "notes": ["before join joined", "after join"],
            },
        },
    ),
    (
        "hostile_values", ["--n", "{{x}}", "--no", "~"],
        {
            ("look", "1"): {"seen": ("0.1~2/../'\"$(id)\n", {"{{x}}": "~", "$.y": None}, ["{{x}}", "~", HOSTILE_PATH, ["{}", "~", {"{{x}}": None}], ""], "no")},
            ("end", "-"): {"true": True, "empty": ""},
        },
    ),
    (
        "include_file", [],
        {
            ("body", "1"): {"cell": "Ada", "table": "name,age\nAda,36\nGrace,85\n"},
            ("end", "-"): {
                "columns": [["name", "Ada", "Grace"], ["age", "36", "85"]],
                "seen": [
                    "name,age\nAda,36\nGrace,85\n", b"name,age\nAda,36\nGrace,85\n", [["name", "age"], ["Ada", "36"], ["Grace", "85"]],
                    "café {{now}}\n", None,
                ],
            },
        },
    ),
    ("include_file", ["--table", "text:a,b\nc,d", "--note", "text:{{x}}"], {("end", "-"): {"columns": [["a", "c"], ["b", "d"]], "note": "{{x}}"}}),
    ("project", [], {("start", "-"): {"where": ("fraud", "test.feature_1", "fraud.test.feature_1.ProjectFlow", False, False)}}),
    (
        "cards", [],
        {
            ("end", "-"): {
                "kinds": [("blank", "all", 0), ("default", "whole", 0), ("own", None, 0), ("no_such", None, 0)],
                "parts": [True, True, "own ['items', 'name']", True], "attempts": [[(0, True)], [(1, True), (0, True)]],
            },
        },
    ),
    ("decorated", [], {("train", "-"): {"threads": "2", "greeting": "it's {{now}} $(date)"}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    CASES,
    ids=[f"{name}{'-' + arguments[1] if arguments else ''}" for name, arguments, _ in CASES],
)
def test_flow(name: str, arguments: list[str], expected: dict[tuple[str, str], dict[str, Any]], tmp_path: Path) -> None:
    run(FLOWS[name], tmp_path, *arguments)
    of_task = {(step, task["path"]): task["artifacts"] for step, tasks in dump(tmp_path).items() for task in tasks}
    for task, artifacts in expected.items():
        for artifact, value in artifacts.items():
            assert of_task[task][artifact] == {"type": type(value).__name__, "repr": repr(value)}


def test_every_flow_is_here() -> None:
    assert {name for name, *_ in CASES} | {"wine"} == set(FLOWS)

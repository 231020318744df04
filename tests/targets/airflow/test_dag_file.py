from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flowc.targets.airflow import dag_file
from flowc.targets.airflow.dag_file import Task
from flowc.targets.airflow.validate import validate
from flowc.targets.operating import EngineError, Field
from flowc.targets.shared.field_changes import field_changes

from tests.golden.regenerate import ROOT

GOLDEN = sorted((ROOT / "tests" / "golden").glob("*/*_dag.py"))
RECORDS = "s3://models/flowc/Train/deployments/prod:train"


def golden(name: str) -> str:
    (path,) = (ROOT / "tests" / "golden" / name).glob("*_dag.py")
    return path.read_text()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parent.name)
def test_a_mark_changes_nothing_else(path: Path) -> None:
    text = path.read_text()
    emitted = dag_file.parsed(text)
    assert emitted is not None and emitted.records == "" and emitted.tag == "" and emitted.flow and emitted.code
    marked = dag_file.marked(text, RECORDS, True)
    live = dag_file.parsed(marked)
    assert live is not None and live.records == RECORDS and live.tag.startswith("flowc:") and live.paused
    assert (live.name, live.tasks, live.parameters) == (emitted.name, emitted.tasks, emitted.parameters)
    assert dag_file.meaning(marked) == dag_file.meaning(text)
    assert not list(validate(path.name, marked))
    lines = set(marked.splitlines()) - set(text.splitlines())
    assert len(lines) == 3, lines


def test_the_tag_is_of_the_text_and_of_its_records() -> None:
    text = golden("foreach")
    tags = {
        dag_file.parsed(dag_file.marked(one, records, paused)).tag  # type: ignore[union-attr]
        for one in (text, text.replace("max_active_tasks=100", "max_active_tasks=5"))
        for records in (RECORDS, f"{RECORDS}2")
        for paused in (False, True)
    }
    assert len(tags) == 4


@pytest.mark.parametrize("text", ["", "x = 1\n", "# Flow F\n", "# Flow F\nprint('tags=[\"flowc\"],')\n"])
def test_a_text_that_is_not_emitted_gets_no_mark(text: str) -> None:
    with pytest.raises(EngineError, match="is not one that flowc has compiled"):
        dag_file.marked(text, RECORDS, False)


@pytest.mark.parametrize(
    "text", ["", "this is not Python", "x = 1", "with DAG():\n    pass\n", "with DAG(dag_id=f()):\n    pass\n", "\0"]
)
def test_other_files_say_nothing(text: str) -> None:
    assert dag_file.parsed(text) is None


@pytest.mark.parametrize("line", ["# Deployed by flowc: {", '# Deployed by flowc: {"x": 1}', "# Deployed by flowc: 7"])
def test_a_damaged_mark_is_none(line: str) -> None:
    first, _, rest = golden("linear").partition("\n")
    file = dag_file.parsed(f"{first}\n{line}\n{rest}")
    assert file is not None and file.records == ""


def test_tasks_and_the_lists_of_their_paths() -> None:
    file = dag_file.parsed(golden("nested_foreach"))
    assert file is not None
    assert file.tasks["cell"] == Task("cell", "row.paths") and file.tasks["row"] == Task("row", "start.paths")
    assert file.tasks["start"] == Task("start", "") and "start.paths" not in file.tasks


def test_parameters_and_the_schedule() -> None:
    file = dag_file.parsed(golden("parameters").replace("Param(3, ", "Param("))
    assert file is not None
    required = {parameter.name for parameter in file.parameters if parameter.required}
    assert required == {"number"}
    assert "text" in file.texts and "number" not in file.texts
    wine = dag_file.parsed(golden("wine"))
    assert wine is not None and wine.schedule == "0 0 * * *"
    decorated = dag_file.parsed(golden("decorated"))
    assert decorated is not None and decorated.schedule.startswith("30 6 * * 1-5")


def test_differences_are_said_field_by_field() -> None:
    text = golden("catch_in_foreach")
    (line,) = [line for line in text.splitlines() if "retries=4," in line]
    other = text.replace(line, line.replace("4", "2")).replace("schedule=None", 'schedule="0 3 * * *"')
    fields = {field.path: (field.before, field.after) for field in _fields(text, other)}
    assert fields == {"tasks[divide].retries": (4, 2), "dag.schedule": (None, "0 3 * * *")}
    assert _fields(text, text + "# a remark\n") == []
    moved = text.replace("    return within_limit(", "    return (within_limit)(")
    assert _fields(text, moved) == [], "what Python reads the same is the same"


def _fields(before: str, after: str) -> list[Field]:
    ast.parse(after)
    return list(field_changes(dag_file.meaning(before), dag_file.meaning(after)))

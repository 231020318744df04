"""The files for GitHub are valid, and name existing files and targets of the Makefile."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.support.sessions import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


def steps(job: str) -> list[dict[str, Any]]:
    return yaml.safe_load(WORKFLOW.read_text())["jobs"][job]["steps"]  # type: ignore[no-any-return]


def test_everything_is_what_a_clean_machine_runs() -> None:
    commands = [step["run"] for step in steps("all") if "run" in step]
    assert commands[0].split()[-1] == ".ci/run" and (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_cache_is_named_for_files_that_are_there() -> None:
    (cache,) = (step["with"] for step in steps("all") if step.get("uses", "").startswith("actions/cache"))
    patterns = re.findall(r"'([^']+)'", cache["key"])
    assert "tests/engines/versions.py" in patterns and "tests/engines/kubernetes/recipe/**" in patterns
    for pattern in patterns:
        assert any(ROOT.glob(pattern)), pattern


def test_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = [step["run"].split() for step in steps("quick") if "run" in step]
    words = [word for command in commands for word in command if word != "make" and "=" not in word]
    assert words
    for word in words:
        assert re.search(rf"^{word}:", makefile, re.MULTILINE), word


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.stem))
def test_an_issue_form(form: Any) -> None:
    """The keys are those of GitHub's documentation, "Syntax for issue forms"."""
    content = yaml.safe_load(form.read_text())
    assert set(content) <= {"name", "description", "labels", "body"} and content["name"] and content["description"]
    ids = [field["id"] for field in content["body"]]
    assert len(set(ids)) == len(ids)
    for field in content["body"]:
        assert field["type"] in ("textarea", "dropdown") and field["attributes"]["label"]
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert set(field["attributes"]) <= {"label", "description", "render", "multiple", "options"}


def test_there_are_forms() -> None:
    assert [form.stem for form in FORMS] == ["bug", "feature"]
    bug = yaml.safe_load(FORMS[0].read_text())
    assert {"flow", "command", "output"} <= {field["id"] for field in bug["body"] if field["validations"]["required"]}

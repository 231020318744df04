"""Argo 4's CRDs have limits that `flowc validate` knows."""

from __future__ import annotations

from typing import Any

from flowc.targets.argo.rules.custom_resources import MAX_TASKS, MAX_TEMPLATES, crd_problems


def test_what_is_at_the_limits_is_fine() -> None:
    tasks = [{"name": f"t{number}", "depends": "a"} for number in range(MAX_TASKS)]
    assert not list(
        crd_problems([{"dag": {"tasks": tasks}}, *[{"container": {}}] * (MAX_TEMPLATES - 1)], "spec.templates")
    )


def test_what_is_beyond_the_limits_is_found() -> None:
    tasks = [{"name": f"t{number}"} for number in range(MAX_TASKS + 1)]
    templates: list[dict[str, Any]] = [
        {"dag": {"tasks": tasks}, "activeDeadlineSeconds": 5},
        *[{"container": {}}] * MAX_TEMPLATES,
    ]
    places = [place for place, _ in crd_problems(templates, "spec.templates")]
    assert places == ["spec.templates", "spec.templates[0].activeDeadlineSeconds", "spec.templates[0].dag.tasks"]


def test_a_task_with_depends_begins_with_a_letter() -> None:
    tasks = [{"name": "1a", "depends": "b", "continueOn": {}}, {"name": "2b"}]
    places = [place for place, _ in crd_problems([{"dag": {"tasks": tasks}}], "t")]
    assert places == ["t[0].dag.tasks[0].name", "t[0].dag.tasks[0].continueOn"]

"""The attributes of decorators mean the same to the compiler, the targets and the shim."""

from __future__ import annotations

import pickle
from importlib import import_module
from typing import Any

import pytest
from flowc.compiler.decorators.decorator import record_of, specification
from flowc.compiler.ir import nodes
from flowc.runtime_shim.api import decorators
from flowc.runtime_shim.contract import project, semantics
from flowc.runtime_shim.contract.graph import Graph
from flowc.targets.shared.step_settings import deadline, pause, retries, variables

SPAN = nodes.Span("flow.py", 1, 1, 1, 2)


def decorator(kind: str, /, **attributes: Any) -> nodes.Decorator:
    spec = specification(kind)
    assert spec is not None
    return nodes.Decorator(kind, {**spec.attributes, **attributes}, SPAN)


def step_of(*several: nodes.Decorator) -> nodes.Step:
    return nodes.Step("start", "", several, nodes.End(), False, SPAN)


def graph_of(step: nodes.Step) -> Graph:
    """The shim's view of the step."""
    listed = [{"name": one.name, "attributes": one.attributes} for one in step.decorators]
    data = {"name": step.name, "decorators": listed, "transition": {"kind": "end"}}
    return Graph(
        {
            "version": 1,
            "flow": {"name": "F", "start": "start", "end": "start", "steps": [data]},
            "scopes": {"nodes": []},
        }
    )


@pytest.mark.parametrize(
    ("several", "attempts"),
    [
        ((), 1),
        ((decorator("retry"),), 4),
        ((decorator("retry", times="2"),), 3),
        ((decorator("catch", var="e"),), 4),
        ((decorator("retry", times=0), decorator("catch")), 4),
        ((decorator("retry", times=4), decorator("catch")), 8),
    ],
)
def test_targets_and_shim_make_as_many_attempts(several: tuple[nodes.Decorator, ...], attempts: int) -> None:
    step = step_of(*several)
    assert 1 + retries(step) == attempts == graph_of(step).attempts("start")


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ({"minutes": 5}, 300),
        ({"hours": "1", "seconds": 1.5}, 3601.5),
        ({"seconds": "30", "minutes": 1, "hours": 1}, 3690),
    ],
)
def test_targets_end_an_attempt_after_the_shim(attributes: dict[str, Any], seconds: float) -> None:
    step = step_of(decorator("timeout", **attributes))
    assert graph_of(step).timeout_seconds("start") == seconds == record_of(step.decorators[0]).seconds
    assert seconds < deadline(step, grace=1) <= seconds + 2


def test_without_decorators() -> None:
    step = step_of()
    assert (pause(step), deadline(step), variables(step), graph_of(step).timeout_seconds("start")) == (0, 0, {}, 0)
    assert (
        semantics.caught_artifact(None) is None
        and not semantics.prints_exception(None)
        and semantics.environment_variables(None) == {}
    )


def test_what_catch_assigns() -> None:
    assert [record_of(decorator("catch", var=var)).artifact for var in ("failure", None, "", 5)] == [
        "failure",
        None,
        None,
        None,
    ]
    assert semantics.caught_artifact({"var": "failure"}) == "failure"


@pytest.mark.parametrize("production", [False, True])
@pytest.mark.parametrize("branch", [None, "b"])
def test_the_compiler_and_current_name_one_branch(
    branch: str | None, production: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("METAFLOW_OWNER", raising=False)
    one = decorator("project", name="p", branch=branch, production=production)
    place = import_module("flowc.compiler.decorators.project").place_of(one, "F", "ada")
    current = project.place(one.attributes, "F", "ada")
    assert (place.branch, place.flow_name) == (current["branch_name"], current["project_flow_name"])
    assert (place.is_user_branch, place.is_production) == (current["is_user_branch"], current["is_production"])
    assert project.tags(one.attributes, "F", "ada") == {"system_tags": list(place.tags)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("aws-secrets-manager.a.b", ("aws-secrets-manager", "a.b", {})),
        ("a", ("", "a", {})),
        ({"id": "a", "type": None}, ("", "a", {})),
        ({"type": "inline", "id": "a", "options": {"env_vars": {}}}, ("inline", "a", {"env_vars": {}})),
    ],
)
def test_sources_of_secrets(source: Any, expected: tuple[str, str, Any]) -> None:
    assert semantics.secret_source(source) == expected
    (read,) = record_of(decorator("secrets", sources=[source])).sources
    assert (read.backend, read.id, read.options) == expected


def test_decorators_can_be_pickled() -> None:
    assert all(
        pickle.loads(pickle.dumps(getattr(decorators, name))) is getattr(decorators, name)
        for name in decorators.__all__
    )

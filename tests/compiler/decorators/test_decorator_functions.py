"""Functions of decorators' files for targets: deployments of a project, packages, sources of secrets, events."""

from __future__ import annotations

import pytest
from flowc.compiler.decorators import batch, exit_hook, project, secrets, trigger, trigger_on_finish
from flowc.compiler.decorators._packages import Packages, packages_of
from flowc.compiler.decorators.decorator import specification
from flowc.compiler.ir import nodes

SPAN = nodes.Span("flow.py", 1, 1, 1, 2)


def decorator(kind: str, /, **attributes: nodes.Value) -> nodes.Decorator:
    spec = specification(kind)
    assert spec is not None
    return nodes.Decorator(kind, {**spec.attributes, **attributes}, SPAN)


def flow(*decorators: nodes.Decorator, step: tuple[nodes.Decorator, ...] = ()) -> nodes.Flow:
    parameters = tuple(
        nodes.Parameter(name, name, "str", None, False, False, "", "", SPAN) for name in ("alpha", "Beta")
    )
    return nodes.Flow(
        "F",
        "flow.py",
        "",
        "start",
        "start",
        parameters,
        (),
        decorators,
        (nodes.Step("start", "", step, nodes.End(), False, SPAN),),
        SPAN,
    )


@pytest.mark.parametrize(
    ("own", "branch", "production", "expected"),
    [
        ({}, "", False, ("user.ada", False, True)),
        ({}, "", True, ("prod", True, False)),
        ({}, "b", False, ("test.b", False, False)),
        ({}, "b", True, ("prod.b", True, False)),
        ({"branch": "a"}, "", False, ("test.a", False, False)),
        ({"branch": "a", "production": True}, "a", False, ("prod.a", True, False)),
        ({"production": True}, "", False, ("prod", True, False)),
    ],
)
def test_places_of_a_project(
    own: dict[str, nodes.Value], branch: str, production: bool, expected: tuple[str, bool, bool]
) -> None:
    place = project.place_of(decorator("project", name="p", **own), "F", "ada", branch, production)
    assert (place.branch, place.is_production, place.is_user_branch) == expected
    assert place.flow_name == f"p.{expected[0]}.F" and place.tags == ("project:p", f"project_branch:{expected[0]}")
    assert project.event_name("x", place) == f"mfns.p.{expected[0]}.x" and project.event_name("x", None) == "mfns.x"


def test_a_branch_is_said_once() -> None:
    with pytest.raises(project.Disagreement, match="`a` in `@project` and `b` on the command line"):
        project.place_of(decorator("project", name="p", branch="a"), "F", "ada", "b")


def test_long_names_are_cut() -> None:
    place = project.place_of(decorator("project", name="p" * 40), "Flow", "ada")
    name = project.object_name(place, 45, 39, 5)
    assert len(name) == 45 and name[:40] == "p" * 39 + "-" and name == project.object_name(place, 45, 39, 5)
    assert (
        project.object_name(project.place_of(decorator("project", name="p"), "F", "ada"), 45, 39, 5) == "p.user.ada.F"
    )
    other = project.place_of(decorator("project", name="p" * 40), "Flow2", "ada")
    assert project.object_name(other, 45, 39, 5) != name


def packages(*own: nodes.Decorator, base: tuple[nodes.Decorator, ...] = (), kind: str = "conda") -> Packages | None:
    result = flow(*base, step=own)
    return packages_of(result, result.steps[0], kind)


def test_packages_are_merged() -> None:
    base = (decorator("conda_base", packages={"a": "1", "b": "1"}, libraries={"c": 1, "a": "0"}, python="3.11"),)
    assert packages() is None and packages(decorator("pypi")) is None
    assert packages(base=base) == Packages("conda", {"c": "1", "a": "1", "b": "1"}, "3.11")
    assert packages(decorator("conda", packages={"b": "2"}, python="3.12"), base=base) == Packages(
        "conda", {"c": "1", "a": "1", "b": "2"}, "3.12"
    )
    assert packages(decorator("conda", disabled=True), base=base) is None
    disabled = (decorator("conda_base", disabled=True, packages={"a": "1"}),)
    assert packages(base=disabled) is None and packages(decorator("conda"), base=disabled) is None
    assert packages(decorator("conda", disabled=False), base=disabled) == Packages("conda", {"a": "1"}, "")
    assert packages(decorator("pypi", packages={"a": "1"}), kind="pypi") == Packages("pypi", {"a": "1"}, "")


def test_sources_of_secrets() -> None:
    record = decorator(
        "secrets",
        role="r",
        sources=[
            "inline.a.b",
            "c",
            {"type": "az-key-vault", "id": "d.e", "options": {"x": 1}, "role": "s"},
            {"id": "f"},
        ],
    )
    assert secrets.read(record).sources == (
        secrets.Source("inline", "a.b", {}, "r"), secrets.Source("", "c", {}, "r"), secrets.Source("az-key-vault", "d.e", {"x": 1}, "s"),
        secrets.Source("", "f", {}, "r"),
    )  # fmt: skip


def test_events() -> None:
    def events(**attributes: nodes.Value) -> object:
        return trigger.events_of(decorator("trigger", **attributes), flow())

    own = (("alpha", "alpha"), ("Beta", "Beta"))
    assert events(event="a") == (trigger.Event("a", False, own),)
    assert events(event={"namespaced_event_name": "a"}) == (trigger.Event("a", True, own),)
    assert events(events=["a", {"name": "b", "parameters": {"BETA": "x"}}]) == (
        trigger.Event("a", False, ()),
        trigger.Event("b", False, (("Beta", "x"),)),
    )
    assert events(event={"name": {"namespaced_event_name": "a"}, "parameters": ["alpha", ["beta", "y"]]}) == (
        trigger.Event("a", True, (("alpha", "alpha"), ("Beta", "y"))),
    )
    assert (
        events(event={"function": "f"}) is None
        and events(events=["a", {"name": "b", "parameters": {"function": "f"}}]) is None
    )


def test_flows_waited_for() -> None:
    def upstream(**attributes: nodes.Value) -> object:
        return trigger_on_finish.read(decorator("trigger_on_finish", **attributes)).upstream

    assert upstream(flow="A") == (trigger_on_finish.Upstream("A", "", ""),)
    assert upstream(flows=["p.prod.b.A", {"name": "B", "project": "q"}]) == (
        trigger_on_finish.Upstream("A", "p", "prod.b"), trigger_on_finish.Upstream("B", "q", ""),
    )  # fmt: skip
    assert upstream(flow={"function": "f"}) is None


def test_hooks_and_devices() -> None:
    hook = decorator("exit_hook", on_success=[{"function": "a.b"}, "c"])
    assert exit_hook.read(hook) == exit_hook.ExitHook(("a.b", "c"), ())
    assert [
        batch.read(decorator("batch", **attributes)).accelerators
        for attributes in ({"trainium": "2"}, {"inferentia": 2}, {})
    ] == [2, 2, 0]

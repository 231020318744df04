"""Random flows as flows of containers: valid, whole, stable, and with the same tasks as the flow as written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import scopes, targets
from flowc.compiler.ir.validity import violations
from flowc.compiler.optimize.chunk import chunk, chunk_size
from flowc.compiler.optimize.draft import Draft, Rules, begun
from flowc.compiler.optimize.fuse_branches import fuse_branches
from flowc.compiler.optimize.fuse_foreaches import fuse_foreaches
from flowc.compiler.optimize.fuse_lines import fuse_lines
from flowc.compiler.optimize.fuse_switches import fuse_switches
from flowc.compiler.optimize.loops import loops
from flowc.compiler.optimize.optimize import Optimized, optimized
from flowc.compiler.optimize.same_container import gangs, shape
from flowc.compiler.optimize.settings import Settings, StepSettings
from flowc.compiler.optimize.sketch import step as decorated
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategies import flows, number

REWRITES = (loops, fuse_lines, fuse_branches, fuse_switches, fuse_foreaches, chunk)
ITEMS = 3
IMAGES = st.lists(st.sampled_from(("", "", "", "torch")), min_size=1, max_size=12)
SETTINGS = st.builds(
    Settings, fuse=st.sampled_from((True, True, False)), loops=st.booleans(), items=st.integers(0, 3),
    containers=st.integers(0, 3),
)  # fmt: skip


@st.composite
def cases(draw: Callable[..., object]) -> tuple[nodes.Flow, Settings, dict[str, int]]:
    """A flow whose steps have one of two images, settings, and the numbers of items that are known."""
    flow = draw(flows(2))
    assert isinstance(flow, nodes.Flow)
    images = draw(IMAGES)
    assert isinstance(images, list)
    steps = tuple(
        replace(step, decorators=decorated(step.name, image=images[at % len(images)]).decorators)
        for at, step in enumerate(flow.steps)
    )
    wanted = draw(SETTINGS)
    assert isinstance(wanted, Settings)
    own = tuple((step.name, StepSettings(together=True)) for step in steps if draw(st.integers(0, 5)) == 0)
    heads = [step for step in steps if isinstance(step.transition, nodes.Foreach)]
    widths = {step.name: number(step.name) for step in heads if draw(st.booleans())}
    return replace(flow, steps=steps), replace(wanted, steps=own), widths


@given(cases())
@settings(max_examples=100, deadline=None)
def test_the_result_is_valid_and_holds_every_step_once(case: tuple[nodes.Flow, Settings, dict[str, int]]) -> None:
    flow, wanted, widths = case
    result = optimized(flow, wanted, widths.items())
    assert list(violations(result.flow, result.scope, of_containers=True)) == []
    inside = [name for container in result.containers_by_step.values() for name in container.steps]
    assert sorted(inside) == sorted(step.name for step in flow.steps)
    assert all(container.steps[0] == name for name, container in result.containers_by_step.items())
    assert optimized(flow, wanted, widths.items()) == result


@given(cases())
@settings(max_examples=60, deadline=None)
def test_every_rewrite_keeps_the_flow_valid_and_is_idempotent(
    case: tuple[nodes.Flow, Settings, dict[str, int]],
) -> None:
    flow, wanted, widths = case
    rules = Rules(wanted, {step.name: shape(step) for step in flow.steps}, gangs(flow), widths)
    draft = begun(flow, rules)
    for rewrite in (*REWRITES, *REWRITES):
        draft = rewrite(draft)
        now = _flow(draft)
        assert list(violations(now, scopes(now), of_containers=True)) == [], rewrite.__name__
        if rewrite in (loops, fuse_lines, chunk):  # the others may make new work for themselves
            assert rewrite(draft) == draft, rewrite.__name__


@given(cases())
@settings(max_examples=60, deadline=None)
def test_the_whole_is_idempotent(case: tuple[nodes.Flow, Settings, dict[str, int]]) -> None:
    flow, wanted, widths = case
    draft = optimized(flow, wanted, widths.items()).draft
    for rewrite in REWRITES:
        assert rewrite(draft) == draft, rewrite.__name__


@given(cases())
@settings(max_examples=100, deadline=None)
def test_the_containers_run_the_tasks_of_the_flow(case: tuple[nodes.Flow, Settings, dict[str, int]]) -> None:
    flow, wanted, widths = case
    result = optimized(flow, wanted, widths.items())
    assert sorted(_tasks(flow)) == sorted(_tasks_of_containers(flow, result))


@given(cases())
@settings(max_examples=60, deadline=None)
def test_steps_of_different_images_do_not_share(case: tuple[nodes.Flow, Settings, dict[str, int]]) -> None:
    flow, wanted, widths = case
    result = optimized(flow, wanted, widths.items())
    for container in result.containers_by_step.values():
        assert len({shape(flow.by_name[name]) for name in container.steps}) == 1


def _flow(draft: Draft) -> nodes.Flow:
    steps = tuple(draft.steps.values())
    end = next(step.name for step in steps if isinstance(step.transition, nodes.End))
    return replace(draft.flow, steps=steps, end=end)


# ── a run, of the flow and of its containers ─────────────────────────────────────────────────────────────────────────

Task = tuple[str, tuple[int, ...]]


class _Run:
    """Runs a part of a flow: which tasks it has, and where control leaves it.

    What an engine knows is simulated: tasks wait at a join until all that were split have come.
    """

    def __init__(self, flow: nodes.Flow, within: frozenset[str], visits: dict[Task, int] | None = None) -> None:
        self.steps = flow.by_name
        self.within = within
        self.ran: list[Task] = []
        self.left: list[tuple[str, Task]] = []  # (outside step or "" for the end, the task that led there)
        self.visits = {} if visits is None else visits

    def run(self, step: str, path: tuple[int, ...]) -> list[Task]:
        """Runs from the task on. Returns those tasks, inside, that lead to a join that is not closed here."""
        self.ran.append((step, path))
        transition = self.steps[step].transition
        match transition:
            case nodes.End():
                self.left.append(("", (step, path)))
                return []
            case nodes.Split(targets=several):
                if several[0] not in self.within:
                    self.left += [(target, (step, path)) for target in several]
                    return []
                return self._joined([arrived for target in several for arrived in self._go(step, target, path)], path)
            case nodes.Foreach(target=target):
                if target not in self.within:
                    self.left.append((target, (step, path)))
                    return []
                items = range(number(step))
                return self._joined([one for item in items for one in self._go(step, target, (*path, item))], path)
            case nodes.Linear(target=target):
                return self._go(step, target, path)
            case nodes.Switch():
                return self._go(step, self._chosen(step, path), path)
        raise AssertionError(transition)

    def _chosen(self, step: str, path: tuple[int, ...]) -> str:
        several = self.steps[step].transition.cases  # type: ignore[union-attr]
        if not step.startswith("loop"):
            return str(next(case.target for case in several if case.value == f"case{number(step)}"))
        visits = self.visits[step, path] = self.visits.get((step, path), 0) + 1
        return str(several[0 if visits <= number(step) else 1].target)

    def _go(self, step: str, target: str, path: tuple[int, ...]) -> list[Task]:
        if target not in self.within:
            self.left.append((target, (step, path)))
            return []
        if self.steps[target].is_join:
            return [(target, path)]
        return self.run(target, path)

    def _joined(self, arrived: list[Task], path: tuple[int, ...]) -> list[Task]:
        (join,) = {step for step, _ in arrived}
        return self.run(join, path)


def _tasks(flow: nodes.Flow) -> list[Task]:
    run = _Run(flow, frozenset(flow.by_name))
    assert run.run(flow.start, ()) == []
    return run.ran


def _tasks_of_containers(flow: nodes.Flow, result: Optimized) -> list[Task]:
    """The tasks of all containers, each run as an engine would: by the transitions of the flow of containers alone."""
    ran: list[Task] = []
    visits: dict[Task, int] = {}  # also of a loop whose visits are containers

    def container(name: str, paths: list[tuple[int, ...]]) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
        """Runs one container, of a chunk for several paths. Yields the joins that control waits at."""
        what = result.containers_by_step[name]
        assert len(paths) == 1 or what.is_chunk
        step = result.flow.by_name[name]
        left: set[tuple[str, tuple[int, ...]]] = set()
        for path in paths:
            part = _Run(flow, frozenset(what.steps), visits)
            assert part.run(name, path) == []
            ran.extend(part.ran)
            left |= {(target, at) for target, (_, at) in part.left}
        reached = {target for target, _ in left}
        assert {at for _, at in left} == set(paths), "control leaves at the depth at which it came"
        match step.transition:
            case nodes.End():
                assert reached == {""}
            case nodes.Linear(target=target):
                assert reached == {target}
                yield from go(target, paths)
            case nodes.Switch():
                (target,) = reached
                assert target in targets(step)
                if what.steps != (name,) or what.is_loop:
                    assert all(case.value == case.target for case in step.transition.cases)
                yield from go(target, paths)
            case nodes.Split(targets=several):
                assert reached == set(several)
                yield from joined([one for target in several for one in go(target, paths)], paths)
            case nodes.Foreach(target=target):
                assert reached == {target} and len(paths) == 1
                size = 1
                if what.items or what.containers:
                    size = chunk_size(number(what.steps[-1]), what.items, what.containers)
                every = [(*paths[0], item) for item in range(number(what.steps[-1]))]
                chunks = [every[at : at + size] for at in range(0, len(every), size)]
                assert not what.containers or len(chunks) <= what.containers
                yield from joined([one for each in chunks for one in go(target, each)], paths)

    def go(target: str, paths: list[tuple[int, ...]]) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
        if result.flow.by_name[target].is_join:
            yield target, paths
        else:
            yield from container(target, paths)

    def joined(
        arrived: list[tuple[str, list[tuple[int, ...]]]], paths: list[tuple[int, ...]]
    ) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
        (join,) = {step for step, _ in arrived}
        yield from container(join, paths)

    assert list(container(result.flow.start, [()])) == []
    return ran


@pytest.mark.parametrize("sizes", ["equal", "largest"])
def test_steps_of_different_sizes_share_only_if_asked(sizes: str) -> None:
    from flowc.compiler.optimize.sketch import sketched

    several = {"a": decorated("a", cpu=1, memory=1000), "b": decorated("b", cpu=2, memory=500)}
    result = optimized(sketched("start > a > b > end", several), Settings(sizes=sizes))
    expected = {"equal": [("start",), ("a",), ("b",), ("end",)], "largest": [("start", "a", "b", "end")]}
    assert [container.steps for container in result.containers_by_step.values()] == expected[sizes]
    if sizes == "largest":
        (resources,) = result.flow.by_name["start"].decorators
        assert (resources.attributes["cpu"], resources.attributes["memory"]) == (2, 4096)


APART: dict[
    str, tuple[dict[str, Any], bool]
] = {  # decorators of step `b`, each of which needs a container of its own beside that of `a`
    "secrets": ({"sources": ["inline-secrets"], "role": None}, True),
    "environment": ({"vars": {"A": "1"}}, True),
    "kubernetes.service_account": ({"service_account": "other"}, True),
    "kubernetes.image": ({"image": "other"}, True),
    "kubernetes.secrets": ({"secrets": ["one"]}, True),
    "kubernetes.tolerations": ({"tolerations": [{"key": "a"}]}, True),
    "catch": ({"var": "x", "print_exception": True}, False),
    "timeout": ({"seconds": 5, "minutes": 0, "hours": 0}, False),
}


@pytest.mark.parametrize("name", APART)
def test_what_keeps_steps_apart(name: str) -> None:
    from flowc.compiler.decorators.kubernetes import ATTRIBUTES
    from flowc.compiler.optimize.sketch import SPAN, sketched

    decorator, _, key = name.partition(".")
    own, is_apart = APART[name]
    steps = {}
    for step in ("a", "b"):
        attributes = {**ATTRIBUTES, **(own if step == "b" else {})} if key else own
        given = (nodes.Decorator(decorator, attributes, SPAN),) if key or step == "b" else ()
        steps[step] = replace(decorated(step), decorators=given)
    result = optimized(sketched("start > a > b > end", steps))
    together = [container.steps for container in result.containers_by_step.values()]
    assert any({"a", "b"} <= set(several) for several in together) != is_apart, together


def test_a_gang_shares_no_container() -> None:
    from flowc.compiler.optimize.sketch import sketched

    result = optimized(sketched("start > go > %node > &join > last > end"))
    alone = [container.steps for container in result.containers_by_step.values() if len(container.steps) == 1]
    assert ("node",) in alone and ("go",) in alone


@pytest.mark.parametrize(
    ("widths", "wanted", "outer"),
    [
        ({}, Settings(), True),
        ({"start": 300, "row": 300}, Settings(), True),
        ({"start": 16, "row": 300}, Settings(), False),
        ({}, Settings(steps=(("cell", StepSettings(items=10)),)), False),
        ({}, Settings(steps=(("cell", StepSettings(together=False)),)), False),
        ({"start": 16}, Settings(steps=(("cell", StepSettings(together=True)),)), True),
    ],
)
def test_which_of_two_nested_foreaches_is_divided(widths: dict[str, int], wanted: Settings, outer: bool) -> None:
    from flowc.compiler.optimize.sketch import sketched

    result = optimized(sketched("start > *row > *cell > &cells > &rows > end"), wanted, widths.items())
    chunks = {name for name, container in result.containers if container.is_chunk}
    if outer:
        assert chunks == ({"row"} if widths.get("start") != 16 else set())
        assert dict(result.containers)["row"].steps == ("row", "cell", "cells")
    else:
        assert chunks == {"cell"}

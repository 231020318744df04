"""Every decorator on every target: honoured, or refused by name with what would be lost; what asks for nothing is refused by nobody."""

from __future__ import annotations

import pytest
from flowc.compiler.decorators.decorator import names as decorators
from flowc.compiler.decorators.decorator import specification
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir import nodes
from flowc.targets.target import emitter
from flowc.targets.target import names as targets

from tests.support.building import options_of

SPAN = nodes.Span("flow.py", 1, 1, 1, 2)
# Values without which the decorator would ask for nothing, or for something impossible.
ASKED: dict[str, dict[str, nodes.Value]] = {
    "secrets": {"sources": ["aws-secrets-manager.db"]}, "timeout": {"minutes": 5}, "project": {"name": "p"}, "trigger": {"event": "e"},
    "trigger_on_finish": {"flow": "F"}, "exit_hook": {"on_success": ["notify"]}, "schedule": {"hourly": True},
}  # fmt: skip
NOTHING: dict[str, dict[str, nodes.Value]] = {
    "secrets": {"sources": [{"type": "inline", "id": "a", "options": {"env_vars": {"A": "1"}}}]}, "conda": {"disabled": True}, "pypi": {"disabled": True}, "conda_base": {"disabled": True}, "pypi_base": {"disabled": True},
}  # fmt: skip


def with_decorator(name: str, given: dict[str, nodes.Value]) -> nodes.Flow:
    known = specification(name)
    assert known is not None
    one = nodes.Decorator(name, {**known.attributes, **given}, SPAN)
    own, steps = ((one,), ()) if known.level == "flow" else ((), (one,))
    start = nodes.Step("start", "", steps, nodes.Linear("end", SPAN), False, SPAN)
    return nodes.Flow(
        "Example",
        "flow.py",
        "",
        "start",
        "end",
        (),
        (),
        own,
        (start, nodes.Step("end", "", (), nodes.End(), False, SPAN)),
        SPAN,
    )


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("name", decorators())
def test_honoured_or_refused(name: str, target: str) -> None:
    honoured = emitter(target).HONOURED
    found = list(emitter(target).check(with_decorator(name, ASKED.get(name, {})), options_of(target)))
    known = specification(name)
    assert known is not None
    if name in honoured or (known.in_task and not known.gang):
        assert found == []
    else:
        (one,) = found
        assert (
            one.severity == "error"
            and one.code == "FLOW501"
            and f"`@{name}`" in one.what
            and (one.why, one.how) == (known.why, known.how)
        )


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("name", ["conda", "conda_base", "pypi", "pypi_base"])
def test_packages_are_the_named_image_s(name: str, target: str) -> None:
    """Whoever names an image has been told that it must hold them."""
    flow, options = with_decorator(name, ASKED.get(name, {})), options_of(target)
    for image, severity in (("python:3.12-slim", "error"), ("mine:1", "warning")):
        (one,) = emitter(target).check(flow, replace(options, image=image))
        assert (one.code, one.severity) == ("FLOW501", severity) and f"`@{name}`" in one.what
    own = "batch" if target == "step-functions" else "kubernetes"
    known = specification(own)
    assert known is not None
    start, end = flow.steps
    steps = [
        replace(
            each, decorators=(*each.decorators, nodes.Decorator(own, {**known.attributes, "image": "mine:1"}, SPAN))
        )
        for each in (start, end)
    ]
    assert [
        each.severity
        for each in emitter(target).check(replace(flow, steps=tuple(steps)), options)
        if each.code == "FLOW501"
    ] == ["warning"]


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("name", NOTHING)
def test_nothing_is_not_refused(name: str, target: str) -> None:
    assert list(emitter(target).check(with_decorator(name, NOTHING[name]), options_of(target))) == []


@pytest.mark.parametrize("target", targets())
def test_honoured_decorators_exist(target: str) -> None:
    honoured = emitter(target).HONOURED
    assert honoured <= set(decorators())


@pytest.mark.parametrize("target", targets())
def test_short_timeouts_are_pointed_at(target: str) -> None:
    (one,) = emitter(target).check(with_decorator("timeout", {"seconds": 59}), options_of(target))
    assert one.code == "FLOW505" and one.severity == "warning"
    assert list(emitter(target).check(with_decorator("timeout", {"seconds": 60}), options_of(target))) == []

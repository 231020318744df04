"""Every decorator on every target: honoured, or refused by name with the loss. One without effect is never refused."""

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


def with_decorator(name: str, attributes: dict[str, nodes.Value]) -> nodes.Flow:
    spec = specification(name)
    assert spec is not None
    one = nodes.Decorator(name, {**spec.attributes, **attributes}, SPAN)
    own, steps = ((one,), ()) if spec.level == "flow" else ((), (one,))
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
    diagnostics = list(emitter(target).check(with_decorator(name, ASKED.get(name, {})), options_of(target)))
    spec = specification(name)
    assert spec is not None
    if name in honoured or (spec.in_task and not spec.gang):
        assert [diagnostic for diagnostic in diagnostics if diagnostic.code not in ("FLOW507", "FLOW508")] == []
    else:
        (one,) = diagnostics
        assert (
            one.severity == "error"
            and one.code == "FLOW501"
            and f"`@{name}`" in one.what
            and (one.why, one.how) == (spec.why, spec.how)
        )


@pytest.mark.parametrize("target", targets())
def test_what_secrets_need_is_said(target: str) -> None:
    """The task reads them, so its container must have the client, and know the backend of those that name none."""
    options = options_of(target)
    flow = with_decorator("secrets", {"sources": ["gcp-secret-manager.db", "own", {"type": "inline", "id": "x"}]})
    nameless, clientless = emitter(target).check(flow, options)
    assert (nameless.code, nameless.severity) == (clientless.code, clientless.severity) == ("FLOW507", "warning")
    assert "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE" in nameless.why and "google-cloud-secret-manager" in clientless.why
    flow = with_decorator("secrets", {"sources": ["gcp-secret-manager.db"]})
    assert list(emitter(target).check(flow, replace(options, image="mine:1"))) == []
    assert list(emitter(target).check(flow, replace(options, packages=(("start", "linux/amd64=sha256:1"),)))) == []


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("name", ["conda", "conda_base", "pypi", "pypi_base"])
def test_packages_are_the_named_image_s(name: str, target: str) -> None:
    """The choice of an image already says that it must hold the packages."""
    flow, options = with_decorator(name, ASKED.get(name, {})), options_of(target)
    for image, severity in (("python:3.12-slim", "error"), ("mine:1", "warning")):
        (one,) = emitter(target).check(flow, replace(options, image=image))
        assert (one.code, one.severity) == ("FLOW501", severity) and f"`@{name}`" in one.what
    own = "batch" if target == "step-functions" else "kubernetes"
    spec = specification(own)
    assert spec is not None
    start, end = flow.steps
    steps = [
        replace(step, decorators=(*step.decorators, nodes.Decorator(own, {**spec.attributes, "image": "mine:1"}, SPAN)))
        for step in (start, end)
    ]
    assert [
        diagnostic.severity
        for diagnostic in emitter(target).check(replace(flow, steps=tuple(steps)), options)
        if diagnostic.code == "FLOW501"
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

# mypy: disable-error-code="untyped-decorator"
"""The user's own step decorators, and the order in which they run (`tests/differential/flows/user_decorator*.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flowc.runtime_shim.api.names import step
from flowc.runtime_shim.exceptions import MetaflowException
from flowc.runtime_shim.user_code.user_decorators import USER_SKIP_STEP, UserStepDecorator, run, user_step_decorator


class Flow:
    """Stands for a flow object: holds what decorators set."""


def outcome(method: Callable[[Any], object], flow: Flow) -> tuple[bool, object]:
    return run("start", flow, method.wrappers, lambda: method(flow), None)  # type: ignore[attr-defined]


def test_the_upper_decorator_is_the_outer_one() -> None:
    lines: list[str] = []

    @user_step_decorator
    def upper(step_name: str, flow: Any, inputs: Any) -> Iterator[None]:
        lines.append("upper before")
        yield
        lines.append("upper after")

    class Lower(UserStepDecorator):
        def init(self, label: str = "lower") -> None:
            self.label = label

        def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> None:
            lines.append(f"{self.label} before {step_name}")

        def post_step(self, step_name: str, flow: Any, exception: Exception | None = None) -> None:
            lines.append(f"{self.label} after {exception}")

    @upper
    @Lower(label="named")
    @Lower
    @step
    def start(self: Any) -> None:
        lines.append("step")
        raise ValueError("kept")

    assert callable(start) and start.is_step and start.__name__ == "start"
    assert outcome(start, Flow()) == (True, True)  # the error is kept, so `next` is called in its place
    assert lines == [
        "upper before",
        "named before start",
        "lower before start",
        "step",
        "lower after kept",
        "named after None",
        "upper after",
    ]


@pytest.mark.parametrize(
    ("yielded", "expected"),
    [
        (USER_SKIP_STEP, (True, True)),
        ({"foreach": "xs"}, (True, {"foreach": "xs"})),
        (lambda flow: True, (True, True)),
        (lambda flow: None, (False, None)),
    ],
)
def test_what_a_generator_yields(yielded: object, expected: object) -> None:
    ran = []

    @user_step_decorator
    def own(step_name: str, flow: Any, inputs: Any, attributes: Any) -> Iterator[object]:
        yield attributes["what"]

    @own(what=yielded)
    @step
    def start(self: Any) -> None:
        ran.append(1)

    assert outcome(start, Flow()) == expected and not ran


def test_mistakes_are_named() -> None:
    with pytest.raises(MetaflowException, match="generator"):
        user_step_decorator(lambda step_name, flow, inputs: None)
    with pytest.raises(MetaflowException, match="must take"):

        @user_step_decorator
        def two(step_name: str, flow: Any) -> Iterator[None]:
            yield

    class Plain(UserStepDecorator):
        pass

    with pytest.raises(MetaflowException, match="no `init`"):
        Plain(a=1)
    with pytest.raises(MetaflowException, match="positional"):
        Plain(1)
    with pytest.raises(MetaflowException, match="above"):
        Plain()(print)

    @user_step_decorator
    def twice(step_name: str, flow: Any, inputs: Any) -> Iterator[None]:
        yield
        yield

    @twice
    @step
    def start(self: Any) -> None:
        pass

    with pytest.raises(MetaflowException, match="only once"):
        outcome(start, Flow())


def test_a_class_may_return_what_it_should_not() -> None:
    class Odd(UserStepDecorator):
        def post_step(self, step_name: str, flow: Any, exception: Exception | None = None) -> Any:
            return 7

    @Odd
    @step
    def start(self: Any) -> None:
        pass

    with pytest.raises(RuntimeError, match="post_step"):
        outcome(start, Flow())

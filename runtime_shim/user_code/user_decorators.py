"""Custom step decorators: `@user_step_decorator` on a generator function, or a subclass of `UserStepDecorator`.

They run in the task, around the step's method (Metaflow's documentation, custom decorators; the measured rules are in
docs/language.md). A step that they are applied to stays a function. They add themselves to its list `wrappers`, the
innermost first. `run` executes a step with its wrappers.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from ..exceptions import MetaflowException

USER_SKIP_STEP: Dict[str, Any] = {}  # a generator yields it to skip the step and continue as the step would

# the user's decorators by module and name, for decorators given as text, without those that others inherit from
known: Dict[str, type] = {}

# None: the step called `next` itself; True or {}: use the step's own arguments; otherwise the arguments
NextArguments = Union[None, bool, Dict[str, Any]]


class UserStepDecorator:
    """Base class of step decorators. `pre_step` runs before the step, `post_step` after it, even if it failed."""

    _flowc_user_decorator = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cls.__bases__:
            known.pop(f"{base.__module__}.{base.__name__}", None)
        known[f"{cls.__module__}.{cls.__name__}"] = cls

    def __new__(cls, *arguments: Any, **attributes: Any) -> Any:
        # `@Decorator` above a step, without parentheses
        if len(arguments) == 1 and not attributes and _is_step(arguments[0]):
            return cls()(arguments[0])
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        if arguments:
            raise MetaflowException(f"@{type(self).__name__} takes no positional arguments")
        has_init = type(self).init is not UserStepDecorator.init
        if attributes and not has_init:
            raise MetaflowException(f"@{type(self).__name__} was given arguments, but has no `init` that takes them")
        self._attributes = attributes
        self._ready = False

    def external_init(self) -> None:
        """Calls `init` once, after resolving configs in its arguments."""
        if self._ready:
            return
        config = sys.modules.get("flowc.runtime_shim.config")
        if config is not None:
            self._attributes = config.resolve(self._attributes)
        if type(self).init is not UserStepDecorator.init:
            self.init(**self._attributes)
        self._ready = True

    @property
    def decorator_name(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}"

    def get_args_kwargs(self) -> Tuple[List[Any], Dict[str, Any]]:
        return [], dict(self._attributes)

    def __call__(self, step: Any) -> Any:
        if not _is_step(step):
            raise MetaflowException(f"@{type(self).__name__} must be applied to a step: write it above `@step`")
        step.wrappers = [*getattr(step, "wrappers", ()), self]
        return step

    def init(self, *arguments: Any, **attributes: Any) -> None:
        """Takes the arguments of the decorator."""

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Optional[Callable[..., Any]]:
        """Runs before the step. If it returns a callable, that runs in place of the step."""
        return None

    def post_step(self, step_name: str, flow: Any, exception: Optional[Exception] = None) -> Any:
        """Runs after the step.

        Returns None, an exception to raise, or (exception or None, arguments of `next` or None).
        """
        return (exception, None) if exception is not None else (None, None)

    @property
    def skip_step(self) -> NextArguments:
        """True, or the arguments of `next`, if the step must not be run."""
        return getattr(self, "_skip_step", False)

    @skip_step.setter
    def skip_step(self, value: NextArguments) -> None:
        self._skip_step = value


def user_step_decorator(*arguments: Any, **attributes: Any) -> Any:
    """Makes a step decorator of a generator function (step_name, flow, inputs[, attributes]) that yields once."""
    if not arguments:
        return lambda function: user_step_decorator(function, **attributes)
    function = arguments[0]
    code = getattr(function, "__code__", None)
    if not isinstance(function, types.FunctionType) or code is None or not code.co_flags & 0x20:  # inspect.CO_GENERATOR
        raise MetaflowException("@user_step_decorator must be applied to a generator function, one that yields")
    count = code.co_argcount + code.co_kwonlyargcount
    if count not in ((4,) if attributes else (3, 4)):
        raise MetaflowException(
            "the function of @user_step_decorator must take (step_name, flow, inputs), and `attributes` if it is used "
            "with arguments"
        )
    body = {
        "_function": staticmethod(function),
        "_takes_keywords": count == 4,
        "__module__": function.__module__,
        "__doc__": function.__doc__,
    }
    return type(function.__name__, (_Generated,), body)


class _Generated(UserStepDecorator):
    """A decorator made from a generator: the part before its `yield` is `pre_step`, the part after it `post_step`."""

    _function: Callable[..., Any]
    _takes_keywords: bool

    def init(self, *_: Any, **attributes: Any) -> None:
        self._attributes = attributes

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Optional[Callable[..., Any]]:
        arguments = (step_name, flow, inputs, self._attributes) if self._takes_keywords else (step_name, flow, inputs)
        self._running = self._function(*arguments)
        yielded = self._running.send(None)
        if isinstance(yielded, dict):
            self.skip_step = yielded or True
            return None
        return yielded  # type: ignore[no-any-return]

    def post_step(self, step_name: str, flow: Any, exception: Optional[Exception] = None) -> Any:
        try:
            if exception is not None:
                self._running.throw(exception)
            else:
                self._running.send(None)
        except StopIteration as end:
            return end.value
        except Exception as error:
            return error
        raise _YieldedTwice(f"@{type(self).__name__} should yield only once")


class _YieldedTwice(MetaflowException):
    """Raised for an error in the decorator itself. Other wrappers do not see it."""


def _is_step(value: Any) -> bool:
    return callable(value) and getattr(value, "is_step", False) is True


def run(
    step_name: str, flow: Any, wrappers: List[UserStepDecorator], call: Callable[[], Any], inputs: Any
) -> Tuple[bool, NextArguments]:
    """Runs the step within its wrappers. `call` runs the method itself; `inputs` is a join's, otherwise None.

    Returns (True, arguments) if `next` must be called in place of the step, (False, None) if the step has called it.
    Raises the step's exception, unless a wrapper kept it, and exceptions of wrappers.
    """
    entered: List[UserStepDecorator] = []
    instead: Optional[Callable[..., Any]] = None
    arguments: NextArguments = None
    error: Optional[Exception] = None
    failed = False
    for wrapper in reversed(wrappers):
        wrapper.external_init()
        instead = wrapper.pre_step(step_name, flow, inputs)
        entered.append(wrapper)
        if wrapper.skip_step:
            arguments = wrapper.skip_step
            break
        if instead:
            break
    try:
        if not arguments:
            if instead:
                arguments = (instead(flow) if inputs is None else instead(flow, inputs)) or None
            else:
                call()
    except Exception as raised:
        error, failed = raised, True
    for wrapper in reversed(entered):
        try:
            result = wrapper.post_step(step_name, flow, error)
        except _YieldedTwice:
            raise
        except Exception as raised:
            result = raised
        if result is None or isinstance(result, Exception):
            error = result
        elif isinstance(result, tuple) and len(result) == 2:
            error, arguments = result
        else:
            raise RuntimeError(
                f"`post_step` of @{type(wrapper).__name__} returned {result!r}: it must return None, an exception, or "
                "a "
                "pair (exception, arguments of `next`)"
            )
    if error is not None:
        raise error
    if arguments is None or arguments is False:
        return (True, True) if failed else (False, None)
    if not isinstance(arguments, (bool, dict)):
        raise RuntimeError(
            f"a decorator of step `{step_name}` returned {arguments!r} as the arguments of `next`: they must be True "
            "or a dict"
        )
    return True, arguments

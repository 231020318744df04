"""Step decorators of the user's own: `@user_step_decorator` on a generator function, or a class that inherits from `UserStepDecorator`.

They run in the task, around the step's method (Metaflow's documentation, custom decorators; the rules, measured, are in docs/language.md).
Applied to a step they leave it what it is, a function, and add themselves to the list `wrappers` that it carries, the innermost first.
`run` executes a step with its wrappers.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from ..exceptions import MetaflowException

USER_SKIP_STEP: Dict[str, Any] = {}  # what a generator yields to skip the step and go on where the step would

known: Dict[
    str, type
] = {}  # the user's own by module and name, for the text form of decorators; one that is inherited from no longer is

NextArguments = Union[
    None, bool, Dict[str, Any]
]  # None: the step called `next` itself; True or {}: as the step would; else its arguments


class UserStepDecorator:
    """Base of step decorators that are classes: `pre_step` runs before the step, `post_step` after it, also when it failed."""

    _flowc_user_decorator = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cls.__bases__:
            known.pop(f"{base.__module__}.{base.__name__}", None)
        known[f"{cls.__module__}.{cls.__name__}"] = cls

    def __new__(cls, *arguments: Any, **attributes: Any) -> Any:
        if (
            len(arguments) == 1 and not attributes and _is_step(arguments[0])
        ):  # `@Decorator` above a step, without parentheses
            return cls()(arguments[0])
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        if arguments:
            raise MetaflowException(f"@{type(self).__name__} takes no positional arguments")
        own = type(self).init is not UserStepDecorator.init
        if attributes and not own:
            raise MetaflowException(f"@{type(self).__name__} is given arguments, but has no `init` that takes them")
        self._attributes = attributes
        self._ready = False

    def external_init(self) -> None:
        """Calls `init` once, with the values of configs in its arguments."""
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
            raise MetaflowException(f"@{type(self).__name__} goes above a step: write it above `@step`")
        step.wrappers = [*getattr(step, "wrappers", ()), self]
        return step

    def init(self, *arguments: Any, **attributes: Any) -> None:
        """Takes the arguments that the decorator is used with."""

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Optional[Callable[..., Any]]:
        """Before the step; a callable that it returns runs in the place of the step."""
        return None

    def post_step(self, step_name: str, flow: Any, exception: Optional[Exception] = None) -> Any:
        """After the step: None, an exception to raise, or (exception or None, arguments of `next` or None)."""
        return (exception, None) if exception is not None else (None, None)

    @property
    def skip_step(self) -> NextArguments:
        """True, or the arguments of `next`: the step is not run."""
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
        raise MetaflowException("@user_step_decorator goes on a generator function: one that yields")
    count = code.co_argcount + code.co_kwonlyargcount
    if count not in ((4,) if attributes else (3, 4)):
        raise MetaflowException(
            "the function of @user_step_decorator takes (step_name, flow, inputs), and `attributes` if it is used with arguments"
        )
    body = {
        "_function": staticmethod(function),
        "_takes_keywords": count == 4,
        "__module__": function.__module__,
        "__doc__": function.__doc__,
    }
    return type(function.__name__, (_Generated,), body)


class _Generated(UserStepDecorator):
    """A decorator that is a generator: what is before its `yield` is `pre_step`, what is behind it `post_step`."""

    _function: Callable[..., Any]
    _takes_keywords: bool

    def init(self, *_: Any, **attributes: Any) -> None:
        self._attributes = attributes

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Optional[Callable[..., Any]]:
        given = (step_name, flow, inputs, self._attributes) if self._takes_keywords else (step_name, flow, inputs)
        self._running = self._function(*given)
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
    """Not for other wrappers to see: the decorator itself is wrong."""


def _is_step(value: Any) -> bool:
    return callable(value) and getattr(value, "is_step", False) is True


def run(
    step_name: str, flow: Any, wrappers: List[UserStepDecorator], call: Callable[[], Any], inputs: Any
) -> Tuple[bool, NextArguments]:
    """Runs the step within its wrappers: `call` runs the method itself, `inputs` is a join's, else None.

    Returns (True, arguments) when `next` is to be called in the step's place, (False, None) when the step has called it. Raises what the
    step raised, unless a wrapper kept it, and what wrappers raised.
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
            said = wrapper.post_step(step_name, flow, error)
        except _YieldedTwice:
            raise
        except Exception as raised:
            said = raised
        if said is None or isinstance(said, Exception):
            error = said
        elif isinstance(said, tuple) and len(said) == 2:
            error, arguments = said
        else:
            raise RuntimeError(
                f"`post_step` of @{type(wrapper).__name__} gave {said!r}, not an exception, and not a pair of one and arguments of next"
            )
    if error is not None:
        raise error
    if arguments is None or arguments is False:
        return (True, True) if failed else (False, None)
    if not isinstance(arguments, (bool, dict)):
        raise RuntimeError(
            f"a decorator of step `{step_name}` gave {arguments!r} as arguments of next: True, or a dict of them"
        )
    return True, arguments

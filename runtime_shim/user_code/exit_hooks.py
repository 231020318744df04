"""`@exit_hook`: functions that are called when a run has ended, each in its own process. They cannot change the run."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Callable, List, Tuple

Hook = Any  # a function, or the name of one in the flow's module

ATTRIBUTE = "_flowc_exit_hooks"


def mark(flow_class: type, on_success: Any, on_error: Any) -> None:
    """Stores the hooks on the class, after those that it has or inherits."""
    before = getattr(flow_class, ATTRIBUTE, ())
    setattr(flow_class, ATTRIBUTE, (*before, (tuple(on_success or ()), tuple(on_error or ()))))


def hooks_of(flow_class: type, succeeded: bool) -> List[Hook]:
    """Returns the hooks for a successful or failed run, in order.

    Hooks of a lower decorator come first, since Python applies it first.
    """
    pairs: Tuple[Any, ...] = getattr(flow_class, ATTRIBUTE, ())
    return [hook for pair in pairs for hook in pair[0 if succeeded else 1]]


def call_all(flow_class: type, flow: str, run: str, succeeded: bool) -> bool:
    """Calls every hook, even after one that fails, and prints errors. Returns True if all have returned."""
    failed = False
    for hook in hooks_of(flow_class, succeeded):
        name = hook if isinstance(hook, str) else getattr(hook, "__name__", repr(hook))
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            if os.waitpid(pid, 0)[1]:
                failed = True
                print(f"exit hook {name} failed", file=sys.stderr, flush=True)
            continue
        code = 1
        try:
            _call(_function(flow_class, hook), flow, run)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return not failed


def _function(flow_class: type, hook: Hook) -> Callable[..., Any]:
    if not isinstance(hook, str):
        return hook  # type: ignore[no-any-return]
    function = getattr(sys.modules[flow_class.__module__], hook, None)
    if function is None:
        raise NameError(f"there is no function {hook!r} in the flow's file")
    return function  # type: ignore[no-any-return]


def _call(function: Callable[..., Any], flow: str, run: str) -> None:
    import inspect

    parameters = inspect.signature(function).parameters.values()
    if any(parameter.name == "run" or parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        from ..api.current import run_object

        function(run=run_object(flow, run))
    else:
        function()

"""Compiling the flow's file without `compile`.

The first `compile` of a process makes all hundred classes of Python's syntax trees, for nothing here. `exec` of text does not; so its code is taken
from it by a trace function when it would begin to run, which it never does.

The plain version is `compile(source, path, "exec")`, which is what an import does. Deleting this file costs 0.7 ms a task: the processor time of the
first `compile` of a small file (1.1 ms) less that of `exec` (0.4 ms), where Python itself starts in 9 ms.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


class _Silent:
    """Standard error for the time in which nothing should be said."""

    spoke = False

    def write(self, _: str) -> None:
        self.spoke = True

    def flush(self) -> None:
        pass


def module_code(source: bytes, path: str) -> Any:
    """Returns what `compile` returns for a module, or None where only `compile` will do: for errors and warnings, which it gives the file's name."""
    from _imp import _fix_co_filename  # type: ignore[attr-defined]

    found = []

    def stop(frame: Any, *_: Any) -> None:
        code = frame.f_code  # of the text, or of whatever the process has run in between: callbacks of the garbage collector, signal handlers
        if (
            (code.co_name, code.co_filename) == ("<module>", "<string>")
            and frame.f_back
            and frame.f_back.f_code is _run.__code__
        ):
            found.append(code)
            raise _Stopped

    silent, stderr, before = _Silent(), sys.stderr, sys.gettrace()
    sys.stderr = silent
    sys.settrace(stop)
    try:
        _run(source, {"__builtins__": {}})  # so that it would not come far
    except (Exception, _Stopped):
        pass
    finally:
        sys.settrace(before)
        sys.stderr = stderr
    if len(found) != 1 or silent.spoke:
        return None
    _fix_co_filename(found[0], path)
    return found[0]


class _Stopped(BaseException):
    pass


def _run(source: bytes, names: Dict[str, Any]) -> None:
    exec(source, names)


_run.__code__ = _run.__code__.replace(
    co_flags=_run.__code__.co_flags & ~0x1FF0000
)  # `exec` hands down what this module takes from `__future__`

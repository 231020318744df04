"""Compiles the flow's file without `compile`.

The first `compile` of a process creates all hundred classes of Python's syntax trees, which are not needed here. `exec`
of text does not. So a trace function takes the code from `exec` when it would begin to run, and it never does.

The plain version is `compile(source, path, "exec")`, which is what an import does. Deleting this file costs 0.7 ms a
task: the processor time of the first `compile` of a small file (1.1 ms) less that of `exec` (0.4 ms), where Python
itself starts in 9 ms.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


class _Silent:
    """A standard error that prints nothing, and notes if something was written."""

    spoke = False

    def write(self, _: str) -> None:
        self.spoke = True

    def flush(self) -> None:
        pass


def module_code(source: bytes, path: str) -> Any:
    """Returns what `compile` returns for a module, or None if only `compile` will do.

    Errors and warnings need it, since it gives them the file's name.
    """
    from _imp import _fix_co_filename  # type: ignore[attr-defined]

    codes = []

    def stop(frame: Any, *_: Any) -> None:
        # of the text, or of callbacks of the garbage collector and signal handlers
        # handlers
        code = frame.f_code
        if (
            (code.co_name, code.co_filename) == ("<module>", "<string>")
            and frame.f_back
            and frame.f_back.f_code is _run.__code__
        ):
            codes.append(code)
            raise _Stopped

    silent, stderr, before = _Silent(), sys.stderr, sys.gettrace()
    sys.stderr = silent
    sys.settrace(stop)
    try:
        _run(source, {"__builtins__": {}})  # without builtins, in case any of it runs
    except (Exception, _Stopped):
        pass
    finally:
        sys.settrace(before)
        sys.stderr = stderr
    if len(codes) != 1 or silent.spoke:
        return None
    _fix_co_filename(codes[0], path)
    return codes[0]


class _Stopped(BaseException):
    pass


def _run(source: bytes, names: Dict[str, Any]) -> None:
    exec(source, names)


# else `exec` would pass on this module's imports from `__future__`
_run.__code__ = _run.__code__.replace(co_flags=_run.__code__.co_flags & ~0x1FF0000)

"""The entry point of `python -m flowc` and of the installed script `flowc`."""

import sys


def main() -> None:
    """Runs the command line of this process and ends the process."""
    from flowc.compiler.fast_start.collector import collect_rarely
    from flowc.compiler.fast_start.imports import import_quickly

    collect_rarely()
    import_quickly("flowc")
    from flowc.compiler.fast_start import one_file

    if sys.argv[1:2] == ["lock"] and "--upgrade" in sys.argv:
        from .environments import ahead

        ahead.begin(sys.argv[2:])
    missing = one_file.load(sys.argv[1] if len(sys.argv) > 1 else "")
    from .cli import main

    code = main(sys.argv[1:])
    for group in missing:
        one_file.write(group)
    leave(code)


def leave(code: int) -> None:
    """Ends the process with `code`, as `sys.exit` does, but skips interpreter teardown.

    Functions registered with `atexit` run, and output is flushed. Freeing every object takes a few milliseconds for a
    large flow, so the operating system does that. If other threads are alive, this calls `sys.exit`.
    """
    if "threading" in sys.modules and sys.modules["threading"].active_count() > 1:
        sys.exit(code)
    import atexit
    import os

    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass
    except (OSError, ValueError, AttributeError):
        # standard output is on a full disk, closed or missing: Python's own exit reports that
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()

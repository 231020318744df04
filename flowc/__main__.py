"""`python -m flowc`, and what the installed script `flowc` calls."""

import sys


def main() -> None:
    """Runs the command line of this process and ends the process."""
    from .cli import main

    leave(main(sys.argv[1:]))


def leave(code: int) -> None:
    """Ends the process with `code`, as `sys.exit` does but without taking the interpreter apart first.

    Functions registered with `atexit` run, and output is flushed; only the freeing of every object, a few milliseconds for a large
    flow, is left to the operating system. Where threads may still be at work the ordinary way is taken.
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
    except (
        OSError,
        ValueError,
        AttributeError,
    ):  # a full disk, a closed stream, none at all: Python's own way out knows what to say
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()

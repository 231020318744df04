"""The command line: which commands there are, and what holds for all of them.

Dispatch is by hand and a command's module is imported when it is called, since start-up is a feature. A command is a module of
`flowc.commands` that has:

    USAGE: tuple[str, ...]                      one line each, beginning with `flowc COMMAND`
    TEXT: str                                   what it does, for `--help`
    OPTIONS: tuple[Option, ...]                 every option it parses
    EXAMPLES: tuple[tuple[str, str], ...]       (command line, what it does)
    def run(argv, out) -> int                   does it; returns the exit code
    def sections(argv) -> Iterator[…]           optional: more options for `--help`, as (title, options)

Exit codes: 0 fine; 1 refused or failed; 2 wrong usage; 70 a mistake of flowc's own; 130 interrupted; 141 nobody reads the output.
"""

from __future__ import annotations

import sys

from .options import Usage
from .terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "compile": "write what an orchestrator needs to run a flow",
    "check": "report every problem of a flow",
    "explain": "print what a diagnostic means",
    "show": "print a flow's graph",
    "run": "run a flow on this machine",
    "resume": "go on from what an earlier run has done",
    "runs": "list runs, and how they stand",
    "logs": "print what the tasks of a run printed",
    "dump": "print the artifacts of a run",
    "card": "show the cards of a run",
    "tag": "add, remove and list tags of runs",
    "gc": "delete old runs, and artifacts that no run has any more",
    "validate": "check specs, without an engine",
    "help": "print help on a command",
}

FINE, FAILED, WRONG_USAGE, INTERNAL, INTERRUPTED, UNREAD = 0, 1, 2, 70, 130, 141


def main(argv: Sequence[str], program: str = "flowc") -> int:
    """Runs one command line, without the program's own name; returns the exit code. `program` is what help and errors call it."""
    out = Output(program)
    try:
        code = _guarded(list(argv), out)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _nobody_reads()
    except KeyboardInterrupt:
        return INTERRUPTED


def main_for_file(path: str, class_name: str, argv: Sequence[str]) -> int:
    """Runs the command line of `python flow.py …`, as Metaflow's users start flows: its options, then a command, by default `check`.

    `path` is the flow's file and `class_name` its flow; `argv` is what followed the file's name. Returns the exit code.
    """
    from .flow_file import command_line

    program = f"python {path}"
    try:
        command = command_line(path, class_name, argv)
    except Usage as error:
        Output(program).usage("", error)
        return WRONG_USAGE
    return main(command, program)


def _guarded(argv: list[str], out: Output) -> int:
    """Dispatches; turns what a user can cause into a message, and what they cannot into one line that asks for a report."""
    from flowc.compiler.report.diagnostics import Refused

    command = ""
    try:
        command = _command(argv, out)
        return _dispatch(command, argv[1:], out) if command else FINE
    except Usage as error:
        out.usage(command, error)
        return WRONG_USAGE
    except Failure as error:
        out.error(str(error))
        return FAILED
    except Refused as error:
        out.report(error.diagnostics, error.sources)
        return FAILED
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        return _internal(error, out)


def _command(argv: list[str], out: Output) -> str:
    """The command's name; "" when the command line asked for no more than what has been printed."""
    if not argv:
        from .help import overview

        out.print_error(overview(out))
        raise Usage("")
    first = argv[0]
    if first in COMMANDS:
        return first
    if first in ("--version", "-V", "version"):
        from . import __version__

        out.print(f"flowc {__version__}")
        return ""
    if first in ("--help", "-h"):
        from .help import overview

        out.print(overview(out))
        return ""
    if first == "spin":
        from .flow_file import _METAFLOW_ONLY

        raise Usage("flowc has no command `spin`", _METAFLOW_ONLY["spin"].replace("`resume STEP`", "`flowc resume FLOW.py STEP`"))
    from flowc.compiler.report.diagnostics import nearest

    kind = "option" if first.startswith("-") else "command"
    close = nearest(first, [*COMMANDS, "--help", "--version"])
    if close is None and first.endswith(".py"):
        raise Usage(f"`{first}` is not a command", f"to compile it: `flowc compile {first} --target …`")
    raise Usage(f"unknown {kind} `{first}`", f"did you mean `{close}`?" if close else "the commands are " + ", ".join(COMMANDS))


def _dispatch(command: str, argv: list[str], out: Output) -> int:
    module = module_of(command)
    options = argv[: argv.index("--")] if "--" in argv else argv
    if "--help" in options or "-h" in options:
        from .help import of_command

        out.print(of_command(command, module, argv, out))
        return FINE
    return int(module.run(argv, out))


def module_of(command: str):  # type: ignore[no-untyped-def]
    """Imports and returns the module of the command."""
    name = f"flowc.commands.{command}"
    __import__(name)
    return sys.modules[name]


def _internal(error: Exception, out: Output) -> int:
    import os

    from . import __version__

    if os.environ.get("FLOWC_DEBUG") == "1":
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
    kind = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    out.error(f"a mistake in flowc {__version__}, not in your flow: {kind}; please report it, with what FLOWC_DEBUG=1 prints")
    return INTERNAL


def _nobody_reads() -> int:
    """The reader of our output has gone (`| head`): leaves quietly, also when Python flushes standard output at the end."""
    import os

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    return UNREAD

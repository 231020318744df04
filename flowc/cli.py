"""The command line: what all commands share. `commands/__init__.py` lists them. Dispatch is by hand, for fast start-up.

Exit codes: 0 success; 1 refused or failed; 2 wrong usage; 70 a bug in flowc; 130 interrupted; 141 the reader of the
output has gone.
"""

from __future__ import annotations

import sys

from .commands import COMMANDS, module_of
from .options import Usage
from .terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPILING = ("check", "compile", "show", "estimate", "run", "resume", "plan", "deploy")
FINE, FAILED, WRONG_USAGE, INTERNAL, INTERRUPTED, UNREAD = 0, 1, 2, 70, 130, 141


def main(argv: Sequence[str], program: str = "flowc") -> int:
    """Runs one command line, without the program's own name, and returns the exit code.

    Help and errors call the program `program`.
    """
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
    """Runs the command line of `python flow.py …`, Metaflow's form: top options, then a command, by default `check`.

    `path` is the flow's file and `class_name` its flow. `argv` holds the words after the file's name. Returns the exit
    code.
    """
    from .flow_file import command_line

    program = f"python {path}"
    try:
        command = command_line(path, class_name, argv)
    except Usage as error:
        Output(program).usage("", error)
        return WRONG_USAGE
    spec = getattr(sys.modules["__main__"], "__spec__", None)  # of `python -m PACKAGE.FLOW`
    if spec is not None and spec.origin == path and command[0] in _COMPILING:
        from .flow_file import package_root

        command[2:2] = ["--source-root", package_root(path, spec.name)]
    return main(command, program)


def _guarded(argv: list[str], out: Output) -> int:
    """Dispatches. Reports errors that users can cause as messages, and any other as a line that asks for a report."""
    command = ""
    try:
        command = _command(argv, out)
        if command and "-m" in argv:  # rare, so imported only then
            from .module_form import COMMANDS as WITH_FLOW
            from .module_form import with_file

            argv = with_file(argv) if command in WITH_FLOW else argv
        return _dispatch(command, argv[1:], out) if command else FINE
    except Usage as error:
        out.usage(command, error)
        return WRONG_USAGE
    except Failure as error:
        out.error(str(error))
        return FAILED
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        from flowc.compiler.report.diagnostics import Refused

        if isinstance(error, Refused):
            out.report(error.diagnostics, error.sources)
            return FAILED
        return _internal(error, out)


def _command(argv: list[str], out: Output) -> str:
    """Returns the command's name, or "" if the answer has been printed already (`--help`, `--version`)."""
    if not argv:
        from .help import overview

        out.print_error(overview(out))
        raise Usage("")
    first = argv[0]
    if first in COMMANDS:
        return first
    if first in ("--version", "-V", "version"):
        from flowc.runtime_shim.contract.version import VERSION

        out.print(f"flowc {VERSION}")
        return ""
    if first in ("--help", "-h"):
        from .help import overview

        out.print(overview(out))
        return ""
    if first == "spin":
        from .flow_file import _METAFLOW_ONLY

        raise Usage(
            "flowc has no command `spin`",
            _METAFLOW_ONLY["spin"].replace("`resume STEP`", "`flowc resume FLOW.py STEP`"),
        )
    from flowc.compiler.report.diagnostics import nearest

    kind = "option" if first.startswith("-") else "command"
    close = nearest(first, [*COMMANDS, "--help", "--version"])
    if close is None and first.endswith(".py"):
        raise Usage(f"`{first}` is not a command", f"to compile it, write `flowc compile {first} --target …`")
    raise Usage(
        f"unknown {kind} `{first}`", f"did you mean `{close}`?" if close else "the commands are " + ", ".join(COMMANDS)
    )


def _dispatch(command: str, argv: list[str], out: Output) -> int:
    module = module_of(command)
    options = argv[: argv.index("--")] if "--" in argv else argv
    if "--help" in options or "-h" in options:
        from .help import of_command

        out.print(of_command(command, module, argv, out))
        return FINE
    return int(module.run(argv, out))


def _internal(error: Exception, out: Output) -> int:
    import os

    from flowc.runtime_shim.contract.version import VERSION

    if os.environ.get("FLOWC_DEBUG") == "1":
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
    kind = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    out.error(
        f"a bug in flowc {VERSION}, not in your flow: {kind}; "
        "please report it, with what the same command prints when FLOWC_DEBUG=1 is set"
    )
    return INTERNAL


def _nobody_reads() -> int:
    """Ends quietly if the reader of the output has gone (`| head`), even when Python flushes standard output."""
    import os

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    return UNREAD

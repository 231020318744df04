"""`flowc help [COMMAND]`: prints the same texts as `--help`."""

from __future__ import annotations

from ..options import Option, Usage
from ..terminal import Output

USAGE = ("flowc help [COMMAND]",)
TEXT = "Prints help on a command, or the list of commands."
OPTIONS: tuple[Option, ...] = ()
EXAMPLES: tuple[tuple[str, str], ...] = ()


def run(argv: list[str], out: Output) -> int:
    from .. import help
    from . import COMMANDS, module_of

    if len(argv) > 1:
        raise Usage(f"unexpected argument `{argv[1]}`")
    if not argv:
        out.print(help.overview(out))
        return 0
    command = argv[0]
    if command not in COMMANDS:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(command, COMMANDS)
        raise Usage(
            f"unknown command `{command}`",
            f"did you mean `{close}`?" if close else "the commands are " + ", ".join(COMMANDS),
        )
    out.print(help.of_command(command, module_of(command), [], out))
    return 0

"""`-m PACKAGE.FLOW` in place of a flow's file, for flows that are started with `python -m PACKAGE.FLOW`."""

from __future__ import annotations

import os

from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("check", "compile", "show", "estimate", "run", "resume", "lock")


def with_file(argv: Sequence[str]) -> list[str]:
    """Returns the words of a command with the file of the module that `-m` names, and the folder that has it.

    Python looks in the current folder first, and then in those of PYTHONPATH. Raises Usage if no folder has the module.
    """
    end = argv.index("--") if "--" in argv else len(argv)
    at = next(index for index, word in enumerate(argv[:end]) if word == "-m")
    name = argv[at + 1] if at + 1 < end else ""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise Usage("`-m` needs the name of a module", "write `-m PACKAGE.FLOW`, as after `python -m`")
    for root in ("", *(folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder)):
        for file in (f"{os.path.join(root, *parts)}.py", os.path.join(root, *parts, "__main__.py")):
            if os.path.isfile(file):
                return [*argv[:at], file, "--source-root", root or ".", *argv[at + 2 :]]
    raise Usage(
        f"there is no module `{name}` in the current folder or PYTHONPATH", f"`{'/'.join(parts)}.py` is missing"
    )

"""FLOW157 for a script that a command starts, `[sys.executable, script]`, where nobody knows which.

Most such commands start something that is made or found while the flow runs. So this is said only of a script that is
there, beside the flow or one folder below, that the code package does not hold, and that the flow's own code names:
`"train.py"` somewhere in it, or `"train"` where the command adds the `.py`, or runs a module.
"""

from __future__ import annotations

import os
import re

from ..report.diagnostics import WARNING, Diagnostic
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..source.modules import Module
    from ..source.sources import Sources
    from .dynamic_imports import Named


def unknown_scripts(
    sources: Sources, added: Mapping[str, bytes], unknown: list[tuple[Module, Named]]
) -> Iterator[Diagnostic]:
    """Yields one warning for each command that may start a script which the code package does not hold."""
    texts = [content.decode("utf-8", "replace") for path, content in sources.contents.items() if path.endswith(".py")]
    left = [each for each in sorted(_scripts(sources.folder)) if each not in sources.contents and each not in added]
    for module, named in unknown:
        script = next((each for each in left if any(_names(named, each).search(text) for text in texts)), None)
        if script is None:
            continue
        yield Diagnostic(
            "FLOW157", "which script this command starts is not known when compiling", span(module.source, named.node),
            f"`{script}`, which the flow's code names, would be missing in the code package, and so on every engine",
            "name the scripts in `@package_sources(…)`, or write the path of each where it is started",
            WARNING,
        )  # fmt: skip


def _names(named: Named, script: str) -> re.Pattern[str]:
    """What finds a literal that ends in the script's name, without its ending where the command adds that."""
    assert named.started is not None
    words, started = named.node.text(), named.started.text()
    folder, _, name = script.rpartition("/")
    adds_ending = ".py" in started and folder in started or not folder and ('"-m"' in words or "'-m'" in words)
    ending = "(?:[.]py)?" if adds_ending else "[.]py"
    return re.compile(rf"""['"/\\]{re.escape(name.removesuffix(".py"))}{ending}['"]""")


def _scripts(folder: str) -> Iterator[str]:
    """The Python files of a folder, and of the folders in it."""
    for entry in os.scandir(folder):
        if entry.is_file() and entry.name.endswith(".py"):
            yield entry.name
        elif entry.is_dir() and not entry.is_symlink() and not entry.name.startswith((".", "__")):
            try:
                inside = [each.name for each in os.scandir(entry.path) if each.name.endswith(".py") and each.is_file()]
            except OSError:
                continue  # not ours to read
            yield from (f"{entry.name}/{name}" for name in inside)

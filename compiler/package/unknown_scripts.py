"""FLOW157 for a command that starts an unknown script, `[sys.executable, script]`.

Most of these commands start something that is made or found while the flow runs. So only a script is reported that
exists beside the flow or one folder below, is not in the code package, and is named in the flow's own code:
`"train.py"` anywhere, or `"train"` if the command adds the `.py` or runs a module.
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
    """Yields a warning for each command that may start a script that is not in the code package."""
    texts = [content.decode("utf-8", "replace") for path, content in sources.contents.items() if path.endswith(".py")]
    left = [
        script for script in sorted(_scripts(sources.folder)) if script not in sources.contents and script not in added
    ]
    for module, named in unknown:
        script = next((script for script in left if any(_names(named, script).search(text) for text in texts)), None)
        if script is None:
            continue
        yield Diagnostic(
            "FLOW157", "the script that this command starts is not known when compiling",
            span(module.source, named.node),
            f"`{script}`, which the flow's code names, would be missing from the code package, so the command would "
            "fail on every engine",
            "list the scripts in `@package_sources(…)`, or start each by a literal path",
            WARNING,
        )  # fmt: skip


def _names(named: Named, script: str) -> re.Pattern[str]:
    """Returns a pattern for a literal that ends in the script's name, without `.py` if the command adds it."""
    assert named.started is not None
    words, started = named.node.text(), named.started.text()
    folder, _, name = script.rpartition("/")
    adds_ending = ".py" in started and folder in started or not folder and ('"-m"' in words or "'-m'" in words)
    ending = "(?:[.]py)?" if adds_ending else "[.]py"
    return re.compile(rf"""['"/\\]{re.escape(name.removesuffix(".py"))}{ending}['"]""")


def _scripts(folder: str) -> Iterator[str]:
    """Yields the Python files of a folder and of its subfolders."""
    for entry in os.scandir(folder):
        if entry.is_file() and entry.name.endswith(".py"):
            yield entry.name
        elif entry.is_dir() and not entry.is_symlink() and not entry.name.startswith((".", "__")):
            try:
                inside = [file.name for file in os.scandir(entry.path) if file.name.endswith(".py") and file.is_file()]
            except OSError:
                continue  # no permission to read it
            yield from (f"{entry.name}/{name}" for name in inside)

"""FLOW159: relative imports that no package of the flow's file can satisfy."""

from __future__ import annotations

import os

from ..report.diagnostics import Diagnostic
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..source.modules import Module
    from ..source.sources import Sources


def without_package(sources: Sources, module: Module) -> Iterator[Diagnostic]:
    """Yields each relative import at the top level of the flow's file that leads out of all packages."""
    if "from ." not in module.source.text:
        return
    levels = module.name.count(".") + module.is_package
    folder = os.path.basename(os.path.abspath(sources.folder))
    for statement in module.source.root.children():
        home = statement.field("module_name") if statement.kind() == "import_from_statement" else None
        if home is None or not home.text().startswith("."):
            continue
        dots = len(home.text()) - len(home.text().lstrip("."))
        if dots <= levels:
            continue
        text = " ".join(statement.text().split())[:60]
        why = "Python would fail in every task: an import with dots starts at the package of the file"
        if levels == 0:
            why = f"the folder `{folder}` is no package that Python can import, so the import would fail in every task"
        rest = home.text().lstrip(".")
        how = f"write `from {rest} import …`" if rest else "write `import …`"
        how += ", or give the folder a name of letters, digits and `_`"
        if levels:
            how = "use fewer dots, or import by the full name"
        yield Diagnostic("FLOW159", f"`{text}` has no package to start from", span(module.source, home), why, how)

"""The files of the code package: all that the flow can import or start from its folder and roots, and added files."""

from __future__ import annotations

from ..report.diagnostics import Refused
from .card_extensions import files_of_cards, has_cards, module_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..fold.evaluator import Evaluator
    from ..ir.nodes import Flow
    from ..report.diagnostics import Diagnostic
    from ..source.modules import Module

# A module without any of these words names no module at run time.
_DYNAMIC = ("import_module", "__import__", "runpy", "sys.executable", "python", "_file_location", "entrypoint")


def closure(
    evaluator: Evaluator, start: Module, added: Mapping[str, bytes], flow: Flow
) -> tuple[dict[str, bytes], list[Diagnostic]]:
    """Returns the files, path → content, and FLOW157 for a computed name of a module or script that may be missing.

    A package is included with its whole tree, and the packages of card types if a step has a card. The flow's own files
    take precedence over `added`. Raises Refused for a module of the folder that Python could not read.
    """
    sources = evaluator.resolver.sources
    waiting, seen = [(start, "")], {start.name}
    unknown, started = [], []

    def follow(name: str, is_certain: bool = True) -> None:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            prefix = ".".join(parts[:end])
            if prefix in seen:
                continue
            seen.add(prefix)
            if sources.is_foreign(prefix):
                return  # the image has it
            try:
                other = sources.module(prefix)
            except Refused:
                if is_certain:
                    raise
                continue  # one of several that may be imported: included without being read
            if other is not None:
                waiting.append((other, ""))
                if other.is_package:
                    for path in sources.package_files(other.source.name.rpartition("/")[0]):
                        sources.content(path)

    if has_cards(flow):
        for path in files_of_cards(sources):
            sources.content(path)
            if module_of(path):
                follow(module_of(path), is_certain=False)  # a task leaves out a module that cannot be imported
    while waiting:
        module, beside = waiting.pop()
        for name in module.everywhere:
            follow(name)
            if beside:  # Python first looks in the script's own folder
                follow(f"{beside}.{name}")
        if not any(call in module.source.text for call in _DYNAMIC):
            continue
        from .dynamic_imports import modules_of, named_while_running  # rarely needed

        for named in named_while_running(evaluator, module):
            for name in named.modules:
                follow(name)
            for path in named.files:
                script = sources.script(path)
                if script is not None and script.name not in seen:
                    seen.add(script.name)
                    waiting.append((script, script.name.rpartition(".")[0]))
            if named.beginning is not None:
                possible = modules_of(sources.folder, named.beginning)
                for name, path in possible.items():
                    follow(name, is_certain=False)
                    sources.content(path)
                if not possible:
                    unknown.append((module, named))
            if named.started is not None:
                started.append((module, named))
    diagnostics: list[Diagnostic] = []
    if unknown:
        from .dynamic_imports import unknown_names

        diagnostics += unknown_names(sources, added, unknown)
    if started:
        from .unknown_scripts import unknown_scripts

        diagnostics += unknown_scripts(sources, added, started)
    return dict(sorted({**added, **sources.contents}.items())), diagnostics

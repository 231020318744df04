"""Derives the shim's modules from the decorators' files: `python -m flowc.compiler.decorators._build`.

With `--check` it only reports the modules that are out of date. The shim is shipped without the compiler, and starts
without reading the decorators' files.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from ._extensions import ELSEWHERE, EXTENSIONS
from .decorator import Specification, read_specification

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = os.path.dirname(os.path.abspath(__file__))
_COMMAND = "python -m flowc.compiler.decorators._build"
_NAMES = f'''"""The names of decorators, and what the shim must know about them.

Generated from compiler/decorators/ by `{_COMMAND}`; not to be edited.
"""

from __future__ import annotations

# every decorator
{{NAMES}}
# those that a step or a flow may have several times
{{MULTIPLE}}
# those of steps whose tasks run together
{{GANGS}}
# those for which a task does something around the step (runtime_shim/extensions)
{{IN_TASK}}
# those of Metaflow's extensions that flowc does not have
{{EXTENSIONS}}
'''
_MARKERS = f'''"""The decorators that flows import. They only mark: what they mean is in the IR that the task reads.

Generated from compiler/decorators/ by `{_COMMAND}`; not to be edited.
"""

from __future__ import annotations

from .markers import marker

{{__all__}}

{{markers}}
'''


def specifications() -> list[Specification]:
    """Returns every decorator that has a file here, sorted by name."""
    files = [file[:-3] for file in os.listdir(HERE) if file.endswith(".py") and not file.startswith("_")]
    return [read_specification(name) for name in sorted(files) if name != "decorator"]


def documents() -> dict[str, str]:
    """Returns the text of each generated module, by its qualified name."""
    specs = specifications()
    tuples = {
        "NAMES": [one.name for one in specs],
        "MULTIPLE": [one.name for one in specs if one.multiple],
        "GANGS": [one.name for one in specs if one.gang],
        "IN_TASK": [one.name for one in specs if one.in_task],
        "EXTENSIONS": sorted({*EXTENSIONS, *ELSEWHERE}),
    }
    marked = [one.name for one in specs if one.marker]
    exported = [one.name for one in specs if one.marker and not one.extension]  # by `import *`
    return {
        "flowc.runtime_shim.contract.decorator_names": _NAMES.format(
            **{name: _tuple(name, several) for name, several in tuples.items()}
        ),
        "flowc.runtime_shim.api.decorators": _MARKERS.format(
            __all__=_tuple("__all__", exported, "[]"),
            markers="\n".join(f'{name} = marker("{name}")' for name in marked),
        ),
    }


def _tuple(name: str, several: Iterable[str], brackets: str = "()") -> str:
    """Returns an assignment of the names, one per line, as `ruff format` writes it."""
    return f"{name} = {brackets[0]}\n" + "".join(f'    "{item}",\n' for item in several) + brackets[1]


def main(arguments: list[str]) -> int:
    """Writes the modules, or with `--check` only reports those that are out of date. Returns the exit code."""
    stale = 0
    for module, text in documents().items():
        parent, _, name = module.rpartition(".")
        folder = os.path.dirname(str(import_module(parent).__file__))
        path = os.path.join(folder, f"{name}.py")
        if _content(path) == text:
            continue
        stale += 1
        if "--check" in arguments:
            print(
                f"{module} is out of date, since a decorator's file in compiler/decorators has changed; generate it "
                f"with `make golden` or `{_COMMAND}`"
            )
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            print(f"{module} written")
    return 1 if stale and "--check" in arguments else 0


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

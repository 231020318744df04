"""Translates the Jinja2 sources to Python modules: `python -m flowc.templates.build`.

`--check` reports modules that are not current, and writes nothing. Only this file and tests need Jinja2.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import jinja2
import markupsafe

from . import runtime
from .render import module_name

HERE = os.path.dirname(os.path.abspath(__file__))
_NEEDED = "from jinja2.runtime import "
_HEADER = """# Translated from {source} by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import {names}

environment = None
"""


class _Environment(jinja2.Environment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        return runtime.lookup(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return runtime.lookup(obj, argument)


def environment(language: str) -> jinja2.Environment:
    """Returns an environment of Jinja2 with the settings of the translated templates. Tests compare the two."""
    own = runtime.Environment(language)
    result = _Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: markupsafe.Markup(own.finalize(value)) if not hasattr(value, "__html__") else value,
        loader=jinja2.FileSystemLoader(HERE),
    )
    result.filters = {name: _as_jinja(function) for name, function in own.filters.items()}
    result.tests.update(own.tests)
    return result


def _as_jinja(function: Any) -> Any:
    def wrapped(value: Any, *arguments: Any) -> Any:
        result = function(runtime.Markup(value) if isinstance(value, markupsafe.Markup) else value, *arguments)
        return markupsafe.Markup(result) if type(result) is runtime.Markup else result

    return wrapped


def sources() -> list[str]:
    """Returns every template's path here, without `.j2`, sorted."""
    templates = []
    for folder, _, files in os.walk(HERE):
        inside = os.path.relpath(folder, HERE).replace(os.sep, "/")
        templates += [f"{inside}/{name[:-3]}" for name in files if name.endswith(".j2")]
    return sorted(templates)


def translate(template: str) -> str:
    """Returns the Python module of the template. Raises ValueError if it needs more than `runtime.py` has."""
    language = template.rpartition(".")[2]
    with open(os.path.join(HERE, f"{template}.j2"), encoding="utf-8") as file:
        source = file.read()
    return translate_text(source, template, language)


def translate_text(source: str, template: str, language: str) -> str:
    """Returns the Python module of a template's source."""
    code: str = environment(language).compile(source, template, f"{template}.j2", raw=True)
    first, _, rest = code.partition("\n")
    names = [name.strip() for name in first.removeprefix(_NEEDED).split(",")]
    used = sorted(name for name in names if name in rest)
    absent = [name for name in used if not hasattr(runtime, name)]
    if absent:
        raise ValueError(f"{template} uses {', '.join(absent)}, which templates/runtime.py does not have")
    body = "\n".join(line for line in rest.split("\n") if not line.startswith("debug_info = "))
    return _HEADER.format(source=f"{template}.j2", names=", ".join(used)) + body.rstrip("\n") + "\n"


def _current(path: str) -> str | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(arguments: list[str]) -> int:
    """Writes `compiled/`; with `--check`, only reports what is not current. Returns the exit code."""
    stale = []
    modules = {f"{module_name(template)}.py": translate(template) for template in sources()}
    folder = os.path.join(HERE, "compiled")
    for name, text in modules.items():
        path = os.path.join(folder, name)
        if _current(path) != text:
            stale.append(name)
            if "--check" not in arguments:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
    for name in sorted(set(os.listdir(folder)) - set(modules) - {"__init__.py", "__pycache__"}):
        stale.append(name)
        if "--check" not in arguments:
            os.remove(os.path.join(folder, name))
    print(f"{len(modules)} templates, {len(stale)} {'not current' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

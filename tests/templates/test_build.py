"""The translated templates are current, and rendering one imports next to nothing."""

from __future__ import annotations

import subprocess
import sys

from flowc.templates.build import main, sources


def test_translations_are_current() -> None:
    assert main(["--check"]) == 0, "run `make golden`"


def test_rendering_imports_neither_jinja2_nor_anything_slow() -> None:
    names = repr(sources())
    code = (
        "import sys; before = set(sys.modules)\n"
        "from flowc.templates.render import render, module_name\n"
        f"import importlib; [importlib.import_module('flowc.templates.compiled.' + module_name(each)) for each in {names}]\n"
        "print(sorted({each.partition('.')[0] for each in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(eval(done.stdout)) <= {"__future__", "flowc", "importlib", "_frozen_importlib", "warnings"}

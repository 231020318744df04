"""The shim offers flows some of the rest of flowc, and refuses it if it is installed alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flowc.runtime_bundle import write_folder

ALIAS = "from flowc.runtime_shim.api import metaflow_alias\nmetaflow_alias.install()\n"


def python(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", text], capture_output=True, text=True)


def test_names_that_need_the_compiler_are_there_with_it() -> None:
    done = python(f"{ALIAS}from metaflow import NBRunner, Runner\nprint(NBRunner.__module__, Runner.__module__)")
    assert done.stdout.split() == ["flowc.notebook", "flowc.runner"], done.stderr


def test_the_shim_alone_says_so_where_they_are_used(tmp_path: Path) -> None:
    write_folder(str(tmp_path))
    done = python(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{ALIAS}from metaflow import Runner\nprint('imported')\nRunner('flow.py')",
        "-S",
    )
    assert done.stdout == "imported\n"
    assert "flowc does not support Metaflow's `Runner` where flowc itself is not installed" in done.stderr

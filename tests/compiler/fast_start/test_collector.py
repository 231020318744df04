"""The command line looks for reference cycles rarely, but does not stop."""

from __future__ import annotations

import subprocess
import sys

from flowc.compiler.fast_start import collector


def test_a_command_collects_rarely() -> None:
    code = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_threshold()[0]))\n"
        "sys.argv = ['flowc', '--version']\n"
        "from flowc.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == f"True {collector.OBJECTS}"

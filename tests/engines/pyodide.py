"""Python 3.14, which distributions do not have yet: CPython as WebAssembly in Node (Pyodide), installed from npm as the object stores are.

It has neither threads nor processes; what it reads and writes is a folder of this machine.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from .object_stores import PATH, from_npm

PYODIDE = "314.0.7"  # its Python's version, and a count
START = """
import {{ loadPyodide }} from "pyodide";
const python = await loadPyodide();
python.FS.mkdirTree({folder});
python.FS.mount(python.FS.filesystems.NODEFS, {{ root: {folder} }}, {folder});
try {{
  python.globals.set("TEXT", {text});
  python.globals.set("WORDS", {words});
  python.runPython(`import json, sys\\nsys.argv = ["-c", *json.loads(WORDS)]\\nexec(compile(TEXT, "-c", "exec"), {{"__name__": "__main__"}})`);
}} catch (error) {{
  console.error(error.message);
  process.exit(1);
}}
"""


def home() -> Path:
    """The folder whose `node_modules` has it."""
    return from_npm("pyodide", PYODIDE)


def run(text: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the text as `python -c TEXT WORDS` does; of this machine's files it sees those below `folder`."""
    script = START.format(folder=json.dumps(str(folder)), text=json.dumps(text), words=json.dumps(json.dumps(words)))
    command = ["node", "--input-type=module", "-e", script]
    return subprocess.run(command, cwd=home(), env={"PATH": PATH}, capture_output=True, text=True, timeout=300)


if __name__ == "__main__":
    print(home())

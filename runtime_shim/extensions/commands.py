"""The commands that launchers are started with. Their output goes where the task's own goes."""

from __future__ import annotations

import os
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Type

_MODULE = '''"""`import metaflow` in a process that a task of flowc has started: flowc's own API."""

import sys

FOLDER = {folder!r}
try:
    import flowc.runtime_shim
except ImportError:
    sys.path.append(FOLDER)
from flowc.runtime_shim.api import metaflow_alias

del sys.modules["metaflow"]
metaflow_alias.install()
import metaflow
'''


def as_words(arguments: Any) -> List[str]:
    """Returns a dictionary of options as words: `--name value`, or `--name` for None and "". A list stays as it is."""
    if not isinstance(arguments, dict):
        return [str(word) for word in arguments or ()]
    words = []
    for name, value in arguments.items():
        words.append(f"--{name}")
        if value is not None and value != "":
            words.append(as_word(value))
    return words


def as_word(value: Any) -> str:
    """Returns the value as text on a command line: JSON without quotes, so that True is `true`."""
    import json

    return value if isinstance(value, str) else json.dumps(value).replace('"', "")


def script(name: Any, error: Type[Exception], where: str) -> str:
    """Returns the path of a script: from the working folder, beside the file that names it, or on `sys.path`."""
    if not name:
        raise error(f"{where} needs an `entrypoint`: the script to run on each node")
    path = str(os.fspath(name))
    if os.path.exists(path):
        return path
    candidates = [os.path.join(folder, path) for folder in (_folder_of_caller(), *sys.path)]
    return next((candidate for candidate in candidates if os.path.exists(candidate)), path)


def _folder_of_caller() -> str:
    """Returns the folder of the user's file that has called the shim."""
    from ..task.failure import is_own

    frame: Any = sys._getframe(1)
    while frame is not None and is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return os.path.dirname(os.path.abspath(frame.f_code.co_filename)) if frame is not None else os.getcwd()


def run(words: List[str], error: Type[Exception], how: str) -> None:
    """Runs the command to its end. Raises `error` if it cannot be started (`how` says what to do), or fails."""
    sys.stdout.flush()
    sys.stderr.flush()
    shown = " ".join(words)
    try:
        code = subprocess.call(words, env=environment())
    except FileNotFoundError:
        raise error(f"{words[0]} cannot be started: {how}") from None
    except OSError as problem:
        raise error(f"{words[0]} cannot be started: {problem}") from None
    if code:
        ended = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
        raise error(f"the command `{shown}` {ended}")


def has_module(name: str) -> bool:
    """Returns True if the package is installed, without importing it."""
    from importlib.util import find_spec

    return find_spec(name) is not None


_folder: Any = None


def environment() -> Any:
    """Returns the variables for a child process, in which `import metaflow` gives flowc's API."""
    return {**os.environ, "PYTHONPATH": python_path()}


def python_path() -> str:
    """Returns PYTHONPATH, with a folder in front of it whose module `metaflow` is flowc's."""
    global _folder
    before = os.environ.get("PYTHONPATH", "")
    if _folder is None:
        import tempfile

        _folder = tempfile.TemporaryDirectory(prefix="flowc-metaflow-")
        os.mkdir(os.path.join(_folder.name, "metaflow"))
        parent = os.path.dirname(os.path.abspath(list(sys.modules["flowc"].__path__)[0]))
        with open(os.path.join(_folder.name, "metaflow", "__init__.py"), "w", encoding="utf-8") as file:
            file.write(_MODULE.format(folder=parent))
    parts = before.split(os.pathsep) if before else []
    return os.pathsep.join([_folder.name, *(part for part in parts if part != _folder.name)])

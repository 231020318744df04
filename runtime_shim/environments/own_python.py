"""Starts a task again in the Python of its conda environment.

The task's container starts the shim with whatever Python it has. A conda environment brings its own, so the process
becomes that one, with the same arguments, before it does anything else. It imports the shim from where it is now.
"""

from __future__ import annotations

import os
import sys

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

    from ..store import Store

MARK = "=conda:"  # in FLOWC_PACKAGES, before the digest of a conda environment
BOOT = (
    "import sys, importlib.util as util; folder = sys.argv.pop(1); "
    "spec = util.spec_from_file_location('flowc', folder + '/__init__.py', submodule_search_locations=[folder]); "
    "sys.modules['flowc'] = module = util.module_from_spec(spec); spec.loader.exec_module(module); "
    "from flowc.runtime_shim.__main__ import start; start()"
)


def enter(store: Store, text: str, arguments: List[str]) -> None:
    """Replaces this process by one in the environment that `text` (FLOWC_PACKAGES) names. Raises ShimError."""
    from . import activate

    environment, folder = activate.folder_for(store, text)
    python = os.path.join(folder, "bin", "python")
    command = [python, "-s", "-c", BOOT, shim_folder(), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(python, command, variables(folder, environment, dict(os.environ)))
    except OSError as error:
        raise ShimError(f"the environment {environment} has no Python that starts: {error.strerror or error}") from None


def shim_folder() -> str:
    """Returns the folder of the package `flowc`."""
    return os.path.dirname(os.path.abspath(sys.modules["flowc"].__file__ or ""))


def variables(folder: str, environment: str, given: Dict[str, str]) -> Dict[str, str]:
    """Returns the variables of the process. Its programs come first on PATH, and other packages are hidden."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")
    own = {name: value for name, value in given.items() if name not in hidden}
    own.update(
        FLOWC_PACKAGES=environment,
        CONDA_PREFIX=folder,
        PYTHONNOUSERSITE="1",
        PATH=os.path.join(folder, "bin") + os.pathsep + given.get("PATH", os.defpath),
    )
    return own

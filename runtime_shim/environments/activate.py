"""Activates a task's packages before its code is imported: chooses the environment, unpacks it, and sets `sys.path`.

FLOWC_PACKAGES has one digest for each platform that the flow was locked for. The image's own packages are hidden, as in
Metaflow and in a local run, so that a task sees exactly the locked packages.
"""

from __future__ import annotations

import os
import sys

from ..contract.errors import ShimError
from . import description
from .description import VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

    from ..store import Store
    from .description import Description

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def activate(store: Store, text: str) -> None:
    """Activates the environment that `text` (FLOWC_PACKAGES) names, in this process and in those that it starts.

    Raises ShimError.
    """
    environment = chosen(text)
    packages = description.read(store, environment)
    if packages is None:
        raise ShimError(
            f"the environment {environment} is not in the store {store.url}: "
            "build it with `flowc environment build FLOW.py --store URL` before the run"
        )
    fits(packages)
    folder = os.path.join(_place(), environment.rpartition(":")[2])
    from .unpack import unpack

    unpack(store, packages, folder)
    use(folder)
    os.environ[VARIABLE] = environment


def chosen(text: str) -> str:
    """Returns the digest for this machine from a text such as `linux/amd64=sha256:… linux/arm64=sha256:…`.

    Raises ShimError if there is none.
    """
    digests: Dict[str, str] = {}
    for word in text.split():
        platform, _, digest = word.partition("=")
        digests[platform] = digest
    here = _here()
    if here not in digests:
        raise ShimError(
            f"the step's packages are locked for {', '.join(sorted(digests))}, and this machine is {here}: "
            "lock the flow for it too, with `flowc lock --platform`"
        )
    return digests[here]


def _here() -> str:
    machine = os.uname().machine
    return f"{sys.platform}/{MACHINES.get(machine, machine)}"


def fits(packages: Description) -> None:
    """Raises ShimError if this Python or its C library cannot import the environment's packages."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here != packages.python:
        raise ShimError(
            f"the step's packages are for Python {packages.python}, and this container has {here}: "
            f"give the step an image with Python {packages.python}, or lock its packages with `python='{here}'`"
        )
    library = _glibc()
    if packages.glibc and (not library or _numbers(library) < _numbers(packages.glibc)):
        has = f"has glibc {library}" if library else "has no glibc"
        raise ShimError(
            f"the step's packages need glibc {packages.glibc} or later, and this container {has}: "
            "use a newer image, or lock them for an older glibc with `flowc lock --glibc`"
        )


def _glibc() -> Optional[str]:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):  # musl, macOS
        return None
    return version if name == "glibc" else None


def _numbers(version: str) -> List[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _place() -> str:
    """Returns a writable folder, which the tasks of one machine share if it persists.

    FLOWC_CACHE, else the user's cache, else a temporary folder that belongs to this user.
    """
    root = os.environ.get("FLOWC_CACHE", "")
    if root:
        folder = os.path.join(root, "unpacked")
        try:
            os.makedirs(folder, exist_ok=True)
            return folder
        except OSError as error:
            raise ShimError(f"cannot write to FLOWC_CACHE, {root}: {error.strerror}") from None
    own = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "flowc")
    temporary = [folder for folder in (os.environ.get("TMPDIR", ""), "/tmp", "/var/tmp") if folder]
    for cache in (own, *(os.path.join(parent, f"flowc-{os.getuid()}") for parent in temporary)):
        folder = os.path.join(cache, "unpacked")
        try:
            os.makedirs(folder, 0o700, exist_ok=True)
            if all(os.stat(owned).st_uid == os.getuid() for owned in (cache, folder)) and os.access(
                folder, os.W_OK | os.X_OK
            ):
                return folder
        except OSError:
            continue
    raise ShimError("no folder is writable for unpacking the step's packages: set FLOWC_CACHE to one that is")


def use(folder: str) -> None:
    """Replaces Python's site-packages by the folder, in this process and in those that it starts."""
    import site

    from ..user_code.flow_module import start_site

    start_site()
    hidden = {os.path.realpath(site_folder) for site_folder in [*site.getsitepackages(), site.getusersitepackages()]}
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) not in hidden]
    site.addsitedir(folder)
    scripts = os.path.join(folder, "bin")
    if os.path.isdir(scripts):
        os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", os.defpath)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH", ""))))
    os.environ["PYTHONNOUSERSITE"] = "1"

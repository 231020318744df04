"""Installed packages whose source a flow needs: that of a base class, or of a decorator.

They are found beside flowc, on `sys.path`, as Python finds them, and never imported. A package that is installed in
place (editable) is a source root like any other. Others are read, but are no part of the code package: the image has
them.
"""

from __future__ import annotations

import os
import sys

from ..fast_start.record import record
from .roots import holds_installed_packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPILED = (".so", ".pyd", ".pyc")
_MOST_RECORD = 1 << 24  # bytes of a RECORD that is searched


@record
class Place:
    """The folders that have a package or module of that name at the top level; empty if `why` says why not."""

    folders: tuple[str, ...] = ()
    is_in_place: bool = False  # a source root: its files travel in the code package
    why: str = ""


def locate(top: str, own: str) -> Place:
    """Returns where the package or module is installed. `own` is the flow's folder, which is searched before."""
    namespace: list[str] = []
    why = ""
    for folder in _folders(own):
        path = os.path.join(folder, top)
        if os.path.isfile(os.path.join(path, "__init__.py")) or os.path.isfile(f"{path}.py"):
            return Place((folder,), not holds_installed_packages(folder))
        if os.path.isdir(path):
            if _has_compiled(path, "__init__"):
                return Place(why=f"`{top}` is installed without its source")
            namespace.append(folder)
        elif os.path.isfile(folder):
            why = why or (f"`{top}` is installed in an archive, `{folder}`" if _is_in_archive(folder, top) else "")
        elif _has_compiled(folder, top):
            return Place(why=f"`{top}` is installed without its source")
    if namespace:
        return Place(tuple(namespace), not any(map(holds_installed_packages, namespace)))
    return Place(why=why) if why else _in_place(top)


def _folders(own: str) -> Iterator[str]:
    """Yields the folders and archives that Python imports from, but for its own library and the current folder."""
    scripts = os.path.dirname(os.path.abspath(sys.executable))  # where the script `flowc` is
    never = {os.getcwd(), os.path.abspath(own), os.path.dirname(os.__file__), scripts}
    for folder in dict.fromkeys(sys.path):
        if folder and os.path.abspath(folder) not in never and os.path.exists(folder):
            yield folder


def _has_compiled(folder: str, name: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(
                entry.name.startswith(f"{name}.") and entry.name.endswith(_COMPILED) and entry.is_file()
                for entry in entries
            )
    except OSError:
        return False


def _is_in_archive(archive: str, top: str) -> bool:
    import zipfile

    try:
        with zipfile.ZipFile(archive) as file:
            return any(name == f"{top}.py" or name.startswith(f"{top}/") for name in file.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _in_place(top: str) -> Place:
    """Returns the place of a package that a finder of an editable install knows, and no folder of `sys.path` has."""
    finders = [finder for finder in sys.meta_path if "__editable__" in str(getattr(finder, "__module__", ""))]
    if not finders:
        return Place()
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return Place()
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if spec is not None and spec.origin and not places and os.path.basename(spec.origin) == f"{top}.py":
        return Place((os.path.dirname(spec.origin),), True)
    folders = [os.path.dirname(place) for place in places if os.path.basename(place) == top and os.path.isdir(place)]
    return Place(tuple(dict.fromkeys(folders)), True) if folders else Place()


def origin_of(folder: str, path: str) -> str:
    """Returns the distribution that installed the file, as in `acme-flows 1.2.0`; the package's name if none says so.

    `path` is that from the folder, as in RECORD (PEP 376).
    """
    top = path.partition("/")[0].removesuffix(".py")
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(".dist-info"))
    except OSError:
        names = []
    prefix = _normal(top)
    for name in sorted(names, key=lambda name: not _normal(name.partition("-")[0]).startswith(prefix)):
        try:
            with open(os.path.join(folder, name, "RECORD"), "rb") as file:
                data = b"\n" + file.read(_MOST_RECORD)
        except OSError:
            continue
        if f"\n{path},".encode() in data:
            return version_of(folder, name)
    return top


def version_of(folder: str, name: str) -> str:
    """Returns `acme-flows 1.2.0`, from the metadata of the distribution in the folder `name`."""
    fields = {"name": name.partition("-")[0], "version": "?"}
    for file in ("METADATA", "PKG-INFO"):
        try:
            with open(os.path.join(folder, name, file), encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    key, _, value = line.partition(":")
                    if not line.strip():
                        break
                    if key.lower() in fields:
                        fields[key.lower()] = value.strip()
            break
        except OSError:
            continue
    return f"{fields['name']} {fields['version']}"


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")

"""The part of flowc that a task's container needs, as a folder or an archive.

`python -m flowc.runtime_bundle FOLDER` writes the folder, `… FILE.zip` the archive. Both run with Python 3.9 or later
and nothing else: `python FOLDER task …`. The init container's image holds the folder (`Dockerfile`). AWS Batch jobs
fetch the archive from the datastore (docs/targets/step-functions.md).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def bundle() -> Iterator[tuple[str, bytes]]:
    """Yields every file of the bundle, sorted: its path with forward slashes, and its content."""
    from flowc.runtime_shim.fast_start.one_file import MAIN, digest

    files = list(_modules())
    yield "__main__.py", MAIN.format(digest=digest(files)).encode()
    yield from files


def _modules() -> Iterator[tuple[str, bytes]]:
    import flowc.runtime_shim

    with open(os.path.join(os.path.dirname(__file__), "__init__.py"), "rb") as file:
        yield "flowc/__init__.py", file.read()
    root = os.path.dirname(flowc.runtime_shim.__file__)
    paths = []
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name != "__pycache__")
        paths += [os.path.join(folder, name) for name in files if name.endswith(".py")]
    for path in sorted(paths):
        with open(path, "rb") as file:
            yield f"flowc/runtime_shim/{os.path.relpath(path, root).replace(os.sep, '/')}", file.read()


def write_folder(folder: str) -> None:
    """Writes the bundle's files into `folder`, and creates it."""
    for name, data in bundle():
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def archive() -> bytes:
    """Returns the bundle as a zip archive, with the same bytes on every machine."""
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:  # not compressed, because compressors differ between machines
        for name, data in bundle():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            file.writestr(entry, data)
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m flowc.runtime_bundle FOLDER | FILE.zip", file=sys.stderr)
        return 2
    if arguments[0].endswith(".zip"):
        with open(arguments[0], "wb") as file:
            file.write(archive())
    else:
        write_folder(arguments[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A conda channel on loopback, of tiny packages that are made here: `repodata.json`, `.tar.bz2` and `.conda` files."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = "{}.{}".format(*sys.version_info)
PLACEHOLDER = "/opt/placeholder" + "_placehold" * 24  # 256 characters, as conda-build makes them
Entry = bytes | tuple[str, str]  # a file's content, or ("link", its target)


def package(
    name: str,
    version: str = "1.0",
    files: dict[str, Entry] | None = None,
    *,
    depends: tuple[str, ...] = (),
    subdir: str = "linux-64",
    noarch: str = "",
    prefixes: dict[str, str] | None = None,
    form: str = ".tar.bz2",
    executable: tuple[str, ...] = (),
    entry_points: tuple[str, ...] = (),
    license: str = "",
    raw: tuple[tarfile.TarInfo, ...] = (),
) -> tuple[str, str, bytes, dict[str, Any]]:
    """Returns (subdir, file name, content, its entry in repodata).

    `prefixes` maps the files that hold PLACEHOLDER to `text` or `binary`; `raw` are further members as they are.
    """
    subdir = "noarch" if noarch else subdir
    entry: dict[str, Any] = {
        "name": name, "version": version, "build": "0", "build_number": 0, "depends": list(depends), "subdir": subdir, "timestamp": 1700000000000,
        **({"noarch": noarch} if noarch else {}), **({"license": license} if license else {}),
    }  # fmt: skip
    contents = files or {}
    paths = []
    for path, content in sorted(contents.items()):
        data = content if isinstance(content, bytes) else b""
        one: dict[str, Any] = {
            "_path": path, "path_type": "hardlink" if isinstance(content, bytes) else "softlink", "sha256": hashlib.sha256(data).hexdigest(),
            "size_in_bytes": len(data),
        }  # fmt: skip
        if path in (prefixes or {}):
            one.update(prefix_placeholder=PLACEHOLDER, file_mode=(prefixes or {})[path])
        paths.append(one)
    info: dict[str, Entry] = {
        "info/index.json": json.dumps(entry).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
    }
    if entry_points:
        link = {"noarch": {"type": "python", "entry_points": list(entry_points)}, "package_metadata_version": 1}
        info["info/link.json"] = json.dumps(link).encode()
    elif noarch:
        info["info/link.json"] = json.dumps({"noarch": {"type": noarch}, "package_metadata_version": 1}).encode()
    file = f"{name}-{version}-0{form}"
    if form == ".conda":
        data = _zip(file, _tar(contents, "", executable, raw), _tar(info, "", (), ()))
    else:
        data = _tar({**info, **contents}, "bz2", executable, raw)
    entry.update(size=len(data), sha256=hashlib.sha256(data).hexdigest(), md5=hashlib.md5(data).hexdigest())
    return subdir, file, data, entry


def python(
    version: str = "", subdir: str = "linux-64", other: tuple[Path, bytes] | None = None
) -> tuple[str, str, bytes, dict[str, Any]]:
    """Returns a package `python`: this interpreter, with the standard library of this machine.

    `other` is the place and the content of another interpreter, of the machine where the package will be.
    """
    version = version or "{}.{}.{}".format(*sys.version_info)
    minor = ".".join(version.split(".")[:2])
    program = Path(sys.executable).resolve()
    content = program.read_bytes() if minor == HERE else b"#!/bin/sh\nexit 1\n"
    program, content = other or (program, content)
    files: dict[str, Entry] = {
        f"bin/python{minor}": content,
        "bin/python": ("link", f"python{minor}"),
        "bin/python3": ("link", f"python{minor}"),
        f"lib/python{minor}/site-packages/README.txt": b"packages\n",
        "pyvenv.cfg": f"home = {program.parent}\ninclude-system-site-packages = false\n".encode(),
    }
    return package(
        "python", version, files, subdir=subdir, form=".conda", executable=(f"bin/python{minor}",), license="PSF-2.0"
    )


def library(name: str, version: str, text: str = "", **more: Any) -> tuple[str, str, bytes, dict[str, Any]]:
    """Returns a package of one Python module, for every machine."""
    info = f"site-packages/{name}-{version}.dist-info"
    files: dict[str, Entry] = {
        f"site-packages/{name}.py": (text or f"__version__ = {version!r}\n").encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/INSTALLER": b"conda\n",
        f"{info}/RECORD": b"",
    }
    return package(name, version, files, noarch="python", **{"depends": ("python >=3.9",), **more})


def _tar(
    contents: dict[str, Entry], compression: str, executable: tuple[str, ...], raw: tuple[tarfile.TarInfo, ...]
) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for path, content in contents.items():
            member = tarfile.TarInfo(path)
            member.mode = 0o755 if path in executable else 0o644
            if isinstance(content, bytes):
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            else:
                member.type, member.linkname = tarfile.SYMTYPE, content[1]
                archive.addfile(member)
        for member in raw:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return made.getvalue()


def _zip(file: str, packages: bytes, info: bytes) -> bytes:
    stem = file.removesuffix(".conda")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        archive.writestr(f"pkg-{stem}.tar.zst", _stored(packages))
        archive.writestr(f"info-{stem}.tar.zst", _stored(info))
    return made.getvalue()


def _stored(data: bytes) -> bytes:
    """Returns a frame of Zstandard (RFC 8878) that holds the data as it is."""
    size = 1 << 17
    made = [b"\x28\xb5\x2f\xfd", b"\xa0", len(data).to_bytes(4, "little")]  # one segment, of a length in four bytes
    for at in range(0, max(len(data), 1), size):
        block = data[at : at + size]
        made += [((len(block) << 3) | (at + size >= len(data))).to_bytes(3, "little"), block]
    return b"".join(made)


class Channel:
    """A server with some packages. `url` is the channel, `requests` are the paths that were asked for."""

    def __init__(self, *packages: tuple[str, str, bytes, dict[str, Any]]) -> None:
        self.packages = {(subdir, file): (data, entry) for subdir, file, data, entry in packages}
        self.requests: list[str] = []
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                channel.requests.append(self.path)
                data = channel.answer(self.path)
                self.send_response(200 if data is not None else 404)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/channel"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def add(self, *packages: tuple[str, str, bytes, dict[str, Any]]) -> None:
        self.packages.update({(subdir, file): (data, entry) for subdir, file, data, entry in packages})

    def answer(self, path: str) -> bytes | None:
        _, _, subdir, file = path.split("?")[0].split("/", 3)
        if file == "repodata.json":
            entries = {name: entry for (where, name), (_, entry) in self.packages.items() if where == subdir}
            return json.dumps({
                "info": {"subdir": subdir}, "repodata_version": 1,
                "packages": {name: entry for name, entry in entries.items() if name.endswith(".tar.bz2")},
                "packages.conda": {name: entry for name, entry in entries.items() if name.endswith(".conda")},
            }).encode()  # fmt: skip
        found = self.packages.get((subdir, file))
        return found[0] if found is not None else None

    def __enter__(self) -> Channel:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

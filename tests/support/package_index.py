"""A package index on loopback (PEP 503, PEP 691 with the upload times of PEP 700, the metadata of PEP 658), of tiny wheels that are made here."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TypeVar

Index = TypeVar("Index", bound="PackageIndex")
UPLOADED = "2026-01-01T00:00:00Z"


def wheel(
    name: str, version: str, files: dict[str, str] | None = None, requires: tuple[str, ...] = (), tag: str = "py3-none-any", scripts: str = "",
    requires_python: str = "",
) -> tuple[str, bytes]:  # fmt: skip
    """Returns the name and the content of a wheel: by default of one module, which has `__version__`. `scripts` are lines of its entry points."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    contents = dict(files if files is not None else {f"{module}.py": f"__version__ = {version!r}\n"})
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {requirement}" for requirement in requires),
    ]
    contents[f"{info}/METADATA"] = (
        "\n".join([*lines, *([f"Requires-Python: {requires_python}"] if requires_python else [])]) + "\n"
    )
    contents[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {str(tag.endswith('none-any')).lower()}\nTag: {tag}\n"
    )
    if scripts:
        contents[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n"
    record = ""
    for path, text in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    contents[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in contents.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return f"{module}-{version}-{tag}.whl", buffer.getvalue()


class PackageIndex:
    """A server with some wheels.

    `url` is the index, `requests` are the requested paths. With `user`, it refuses everybody else.
    """

    def __init__(self, *wheels: tuple[str, bytes], user: str = "", password: str = "") -> None:
        self.wheels = dict(wheels)
        self.times: dict[str, str] = {}  # file → when it was uploaded, where that is not UPLOADED
        self.requests: list[str] = []
        self.expected = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                index.requests.append(self.path)
                status, kind, data = index.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                if status == 401:
                    self.send_header("WWW-Authenticate", "Basic")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/simple"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def add(self, *wheels: tuple[str, bytes], uploaded: str = UPLOADED) -> None:
        self.wheels.update(wheels)
        self.times.update({name: uploaded for name, _ in wheels})

    def answer(self, path: str, authorization: str) -> tuple[int, str, bytes]:
        if self.expected and authorization != self.expected:
            return 401, "text/plain", b"who are you?"
        part, _, name = path.strip("/").partition("/")
        if part == "files" and name in self.wheels:
            return 200, "application/octet-stream", self.wheels[name]
        if part == "files" and name.removesuffix(".metadata") in self.wheels:
            with zipfile.ZipFile(io.BytesIO(self.wheels[name.removesuffix(".metadata")])) as archive:
                return (
                    200,
                    "text/plain",
                    archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))),
                )
        names = sorted(wheel for wheel in self.wheels if wheel.split("-")[0].lower().replace("_", "-") == name)
        if part != "simple" or not names:
            return 404, "text/plain", b"nothing"
        files = [
            {
                "filename": file_name, "url": f"../../files/{file_name}", "hashes": {"sha256": hashlib.sha256(self.wheels[file_name]).hexdigest()},
                "size": len(self.wheels[file_name]), "upload-time": self.times.get(file_name, UPLOADED), "core-metadata": True,
            }
            for file_name in names
        ]  # fmt: skip
        versions = sorted({file_name.split("-")[1] for file_name in names})
        data = {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": files}
        return 200, "application/vnd.pypi.simple.v1+json", json.dumps(data).encode()

    def __enter__(self: Index) -> Index:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

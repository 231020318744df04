"""A registry on loopback, as far as `flowc image` uses one (OCI distribution specification 1.1), with the faults of real ones on demand.

It keeps everything in memory, and refuses what does not match its digest.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
TOKEN = "the-token-of-the-test"


class Registry:
    """A server with blobs and manifests by repository. `requests` are (method, path) of what was asked.

    `user` and `password`: whoever pushes, and pulls, must have a token, which the server gives for them, or with `basic` they themselves.
    """

    def __init__(self, user: str = "", password: str = "", basic: bool = False, mounts: bool = True) -> None:
        self.blobs: dict[str, dict[str, bytes]] = {}
        self.manifests: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.requests: list[tuple[str, str]] = []
        self.failures: list[int] = []  # statuses of the next answers to uploads, before they succeed
        self.scopes: list[str] = []
        self.elsewhere = ""  # the host that blobs are fetched from, as from a store of objects; "" for this one
        self.authorizations: list[str] = []  # of requests for such blobs
        self.mounts, self.basic = mounts, basic
        self.expected = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                registry._answer(self, self.rfile.read(length))

            do_HEAD = do_POST = do_PUT = do_GET

            def reply(self, status: int, data: bytes = b"", **headers: str) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.realm = f"http://{self.host}/token"

    def __enter__(self) -> Registry:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    def push(self, name: str, tag: str, layers: list[bytes], **config: object) -> str:
        """Puts an image there, as somebody else's push would; returns the digest of its manifest."""
        manifest, blobs = image(layers, **config)
        self.blobs.setdefault(name, {}).update(blobs)
        return self._store(name, tag, MANIFEST, manifest)

    def push_index(self, name: str, tag: str, platforms: dict[str, str]) -> str:
        """Puts an index there, of images by platform, such as `linux/arm64` → the digest of its manifest."""
        entries = [
            {"mediaType": MANIFEST, "digest": digest, "size": len(self.manifests[name][digest][1]), "platform": dict(zip(("os", "architecture"), platform.split("/")))}
            for platform, digest in platforms.items()
        ]  # fmt: skip
        return self._store(
            name, tag, INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        )

    def _store(self, name: str, tag: str, kind: str, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        for each in (tag, digest):
            self.manifests.setdefault(name, {})[each] = kind, data
        return digest

    def _answer(self, handler: Any, body: bytes) -> Any:
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.requests.append((handler.command, handler.path))
        authorization = handler.headers.get("Authorization", "")
        if parts.path.startswith("/store/"):
            self.authorizations.append(authorization)
            return handler.reply(
                200, next(blobs[parts.path[7:]] for blobs in self.blobs.values() if parts.path[7:] in blobs)
            )
        if parts.path == "/token":
            self.scopes += parse_qs(parts.query).get("scope", [])
            fits = authorization == self.expected
            return handler.reply(200 if fits else 401, json.dumps({"token": TOKEN}).encode() if fits else b"{}")
        if self.expected and authorization != (self.expected if self.basic else f"Bearer {TOKEN}"):
            challenge = 'Basic realm="test"' if self.basic else f'Bearer realm="{self.realm}",service="test"'
            return handler.reply(401, b"{}", WWW_Authenticate=challenge)
        name, _, rest = parts.path.removeprefix("/v2/").partition("/blobs/")
        if rest:
            return self._blob(handler, name, rest, query, body)
        name, _, wanted = name.partition("/manifests/")
        return self._manifest(handler, name, wanted, body)

    def _blob(self, handler: Any, name: str, rest: str, query: dict[str, str], body: bytes) -> Any:
        blobs = self.blobs.setdefault(name, {})
        if handler.command == "GET" and self.elsewhere and rest in blobs:
            return handler.reply(307, Location=f"http://{self.elsewhere}/store/{rest}")
        if handler.command in ("GET", "HEAD"):
            return handler.reply(200, blobs[rest]) if rest in blobs else handler.reply(404)
        if handler.command == "POST":
            source = self.blobs.get(query.get("from", ""), {})
            if query.get("mount") in source and self.mounts:
                blobs[query["mount"]] = source[query["mount"]]
                return handler.reply(201)
            return handler.reply(202, Location=f"/v2/{name}/blobs/uploads/one?state=a%2Fb")
        if self.failures:
            return handler.reply(self.failures.pop(0))
        if query["digest"] != f"sha256:{hashlib.sha256(body).hexdigest()}" or query.get("state") != "a/b":
            return handler.reply(400, b'{"errors": [{"code": "DIGEST_INVALID"}]}')
        blobs[query["digest"]] = body
        return handler.reply(201)

    def _manifest(self, handler: Any, name: str, wanted: str, body: bytes) -> Any:
        if handler.command == "PUT":
            data = json.loads(body)
            missing = [
                each["digest"]
                for each in (*data.get("layers", ()), *([data["config"]] if "config" in data else []))
                if each["digest"] not in self.blobs[name]
            ]
            missing += [
                each["digest"] for each in data.get("manifests", ()) if each["digest"] not in self.manifests[name]
            ]
            if missing:
                return handler.reply(
                    400, json.dumps({"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": missing[0]}]}).encode()
                )
            self._store(name, wanted, handler.headers["Content-Type"], body)
            return handler.reply(201)
        kind, data = self.manifests.get(name, {}).get(wanted, ("", b""))
        return handler.reply(200, data, Content_Type=kind) if kind else handler.reply(404)


def image(layers: list[bytes], **config: object) -> tuple[bytes, dict[str, bytes]]:
    """Returns the manifest of an image of these layers, which are tars, and its blobs by digest. `config` changes its configuration."""
    packed = [gzip.compress(each, 1, mtime=0) for each in layers]
    settings = {
        "architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in layers]}, **config,
    }  # fmt: skip
    blobs = {f"sha256:{hashlib.sha256(each).hexdigest()}": each for each in [*packed, json.dumps(settings).encode()]}
    *of_layers, of_config = [(digest, len(data)) for digest, data in blobs.items()]
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": of_config[0], "size": of_config[1]},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": size} for digest, size in of_layers],
    }  # fmt: skip
    return json.dumps(manifest).encode(), blobs


def layer(files: dict[str, str]) -> bytes:
    """Returns a tar with these files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


def write_layout(folder: Path, layers: list[bytes], **config: object) -> str:
    """Writes an OCI image layout of one image; returns the digest of its manifest."""
    manifest, blobs = image(layers, **config)
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    place = folder / "blobs" / "sha256"
    place.mkdir(parents=True)
    for name, data in {**blobs, digest: manifest}.items():
        (place / name.partition(":")[2]).write_bytes(data)
    entry = {"mediaType": MANIFEST, "digest": digest, "size": len(manifest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return digest

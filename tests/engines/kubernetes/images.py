"""Images without a container engine: archives in Docker's format (`docker save`), made of layers that are plain tars, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Image:
    name: str  # with registry and tag
    layers: list[bytes]  # from the lowest up
    command: list[str]
    also: tuple[str, ...] = ()  # other names of it
    entrypoint: tuple[str, ...] = ()  # for pods that give only `args`

    def write(self, path: Path) -> None:
        """Writes the archive, which `ctr images import` takes."""
        entrypoint = {"Entrypoint": list(self.entrypoint)} if self.entrypoint else {}
        config = {
            "architecture": "amd64", "os": "linux",
            "config": {**entrypoint, "Cmd": self.command, "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in self.layers]},
        }  # fmt: skip
        text = json.dumps(config).encode()
        name = hashlib.sha256(text).hexdigest() + ".json"
        files = [f"layer{number}.tar" for number in range(len(self.layers))]
        manifest = json.dumps([{"Config": name, "RepoTags": [self.name, *self.also], "Layers": files}]).encode()
        with tarfile.open(path, "w") as archive:
            for file_name, data in [(name, text), *zip(files, self.layers), ("manifest.json", manifest)]:
                _add(archive, file_name, data)


def files_layer(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """A layer of executable files, by path without a leading slash, and symbolic links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in sorted(files.items()):
            _add(archive, name, data)
        for name, target in sorted((links or {}).items()):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()


def folder_layer(folder: Path) -> bytes:
    """A layer of everything below the folder, with owners and modes."""
    return subprocess.run(
        ["tar", "-C", str(folder), "--numeric-owner", "--sort=name", "-c", "."], capture_output=True, check=True
    ).stdout


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755
    archive.addfile(entry, io.BytesIO(data))

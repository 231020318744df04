"""Images on disk: the OCI image layout, a folder or a tar, which skopeo, crane, ctr and `docker load` read."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile

from flowc.terminal import Failure

from .registry import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_VERSION = b'{"imageLayoutVersion":"1.0.0"}'
_INDEX = "application/vnd.oci.image.index.v1+json"


def is_layout(text: str) -> bool:
    """Returns True for an argument that means a layout on disk, rather than the name of an image."""
    return (
        text.endswith(".tar") or text.startswith(("/", "./", "../")) or os.path.isfile(os.path.join(text, "oci-layout"))
    )


class Layout:
    """A layout that exists. Its methods raise Failure for one that is damaged."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._tar = None if os.path.isdir(path) else tarfile.open(path)  # noqa: SIM115
        except OSError as error:
            raise Failure(f"the image in {path} cannot be read: {error.strerror or error}") from None
        except tarfile.TarError as error:
            raise Failure(f"{path} is neither an OCI image layout nor a tar of one: {error}") from None

    def manifest(self, digest: str) -> tuple[bytes, str]:
        """Returns the manifest of that digest, and its digest; with "", that of the only image. Raises Missing."""
        if not digest:
            index = self._read("index.json")
            try:
                manifests = json.loads(index)["manifests"]
                digests = [str(entry["digest"]) for entry in manifests]
            except (ValueError, KeyError, TypeError):
                raise Failure(f"{self.path} is damaged: its index.json is invalid") from None
            if len(set(digests)) != 1:
                raise Failure(f"{self.path} holds {len(set(digests))} images: a base must be a layout of one")
            digest = digests[0]
        data = self._read(_blob(digest))
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise Failure(f"{self.path} is damaged: the content of {digest} does not match its digest")
        return data, digest

    def blob(self, digest: str, into: BinaryIO) -> None:
        """Writes the blob to the file. Raises Missing."""
        seen = hashlib.sha256()
        try:
            with self._open(_blob(digest)) as file:
                while piece := file.read(1 << 20):
                    seen.update(piece)
                    into.write(piece)
        except OSError as error:
            raise Failure(f"the image in {self.path} cannot be read: {error.strerror}") from None
        if f"sha256:{seen.hexdigest()}" != digest:
            raise Failure(f"{self.path} is damaged: the content of {digest} does not match its digest")

    def _read(self, name: str) -> bytes:
        try:
            with self._open(name) as file:
                return file.read()
        except OSError as error:
            raise Failure(f"the image in {self.path} cannot be read: {error.strerror}") from None

    def _open(self, name: str) -> BinaryIO:
        if self._tar is None:
            try:
                return open(os.path.join(self.path, *name.split("/")), "rb")
            except FileNotFoundError:
                raise Missing(name) from None
        for shown in (name, f"./{name}"):
            try:
                file = self._tar.extractfile(shown)
            except KeyError:
                continue
            if file is not None:
                return file  # type: ignore[return-value]
        raise Missing(name)


class Written:
    """A layout to write: a folder, or a tar with the same bytes every time. Call `finish` at the end."""

    def __init__(self, path: str) -> None:
        import tempfile

        self.path = path
        above = os.path.dirname(os.path.abspath(path))
        try:
            os.makedirs(above, exist_ok=True)
            self._temporary = tempfile.TemporaryDirectory(prefix=".flowc-image-", dir=above)
        except OSError as error:
            raise Failure(f"cannot write {path}: {error.strerror}") from None
        self._folder = self._temporary.name
        os.makedirs(os.path.join(self._folder, "blobs", "sha256"))
        self._entries: list[dict[str, object]] = []

    def has(self, digest: str) -> bool:
        return os.path.exists(self._place(digest))

    def put(self, digest: str, write: Callable[[BinaryIO], None]) -> None:
        """Adds a blob, unless it is there: `write` writes it to the file that it is given."""
        if self.has(digest):
            return
        part = self._place(digest) + ".part"
        try:
            with open(part, "wb") as file:
                write(file)
            os.rename(part, self._place(digest))
        except OSError as error:
            raise Failure(f"cannot write {self.path}: {error.strerror}") from None

    def add(self, data: bytes, digest: str, media_type: str, name: str) -> None:
        """Adds the manifest of an image, called `name`."""
        self.put(digest, lambda file: _write(file, data))
        entry = {
            "annotations": {"org.opencontainers.image.ref.name": name},
            "digest": digest, "mediaType": media_type, "size": len(data),
        }  # fmt: skip
        if entry not in self._entries:
            self._entries.append(entry)

    def finish(self) -> None:
        """Puts the layout in its place. What is there already is kept in a folder, and replaced as a tar."""
        index = {"manifests": self._entries, "mediaType": _INDEX, "schemaVersion": 2}
        files = {
            "index.json": json.dumps(index, sort_keys=True, separators=(",", ":")).encode(),
            "oci-layout": _VERSION,
        }
        try:
            for name, data in files.items():
                with open(os.path.join(self._folder, name), "wb") as file:
                    file.write(data)
            if self.path.endswith(".tar"):
                self._pack()
            else:
                self._move()
        except OSError as error:
            raise Failure(f"cannot write {self.path}: {error.strerror}") from None
        self._temporary.cleanup()

    def _pack(self) -> None:
        tar = os.path.join(self._folder, "made.tar")
        names = [f"blobs/sha256/{name}" for name in sorted(os.listdir(os.path.join(self._folder, "blobs", "sha256")))]
        with tarfile.open(tar, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name in [*names, "index.json", "oci-layout"]:
                path = os.path.join(self._folder, *name.split("/"))
                member = tarfile.TarInfo(name)
                member.size, member.mode = os.path.getsize(path), 0o644
                if member.size >= 1 << 33:
                    member.pax_headers = {}
                    archive.format = tarfile.GNU_FORMAT  # for more than 8 GiB
                with open(path, "rb") as file:
                    archive.addfile(member, file)
        os.replace(tar, self.path)

    def _move(self) -> None:
        """Adds the blobs to the folder first, and the index last, so that it always names what exists."""
        target = os.path.join(self.path, "blobs", "sha256")
        os.makedirs(target, exist_ok=True)
        for name in sorted(os.listdir(os.path.join(self._folder, "blobs", "sha256"))):
            os.replace(os.path.join(self._folder, "blobs", "sha256", name), os.path.join(target, name))
        for name in ("oci-layout", "index.json"):
            os.replace(os.path.join(self._folder, name), os.path.join(self.path, name))

    def _place(self, digest: str) -> str:
        return os.path.join(self._folder, *_blob(digest).split("/"))


def _write(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _blob(digest: str) -> str:
    from .references import is_digest

    if not is_digest(digest):
        raise Failure(f"`{digest}` is not a SHA-256 digest")
    return "blobs/sha256/" + digest.partition(":")[2]

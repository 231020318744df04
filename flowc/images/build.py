"""Builds the images of a flow: for each base image and environment that steps have, one image of every platform."""

from __future__ import annotations

import contextlib
import json

from flowc.compiler.fast_start.record import record
from flowc.terminal import Failure

from . import assemble, layout, references
from .registry import Missing, Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

    from flowc.environments.build import Archive
    from flowc.environments.pylock import Lock

    from .assemble import Base, Image
    from .layout import Layout, Written

_INDEXES = (assemble.INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")


@record
class Order:
    """One image to build."""

    image: str  # what its steps would run in without it
    locks: tuple[Lock, ...]  # one for each platform
    steps: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"image of `{self.locks[0].name}` on {self.image}"


@record
class Finished:
    """A built image: one manifest, or an index of several."""

    data: bytes  # of the manifest or of the index
    media_type: str
    parts: tuple[Image, ...]  # by platform
    base: str  # digest that its base's name stood for

    @property
    def digest(self) -> str:
        return assemble.sha256(self.data)


class Bases:
    """The base images, each read once."""

    def __init__(self, instead: dict[str, str]) -> None:
        self.instead = instead  # name in the flow → the image, or the layout on disk, that is read in its place
        self._sources: dict[str, tuple[Repository | Layout, bytes, str]] = {}

    def source(self, name: str) -> Repository | Layout:
        return self._sources[name][0]

    def find(self, name: str, digest: str) -> str:
        """Returns the digest of the image of that name. `digest` is that of an earlier build, which is kept; or "".

        Raises Failure if there is no such image.
        """
        if name in self._sources:
            return self._sources[name][2]
        place = self.instead.get(name, name)
        source: Repository | Layout
        if layout.is_layout(place):
            source = layout.Layout(place)
            candidates = [""]
        else:
            reference = references.parse(place)
            source = Repository(reference)
            candidates = [reference.digest] if reference.digest else [*([digest] if digest else []), reference.wanted]
        for which in candidates:
            try:
                data, actual = source.manifest(which)
            except Missing:
                continue
            self._sources[name] = source, data, actual
            return actual
        raise Failure(f"there is no image {place}: check its name, or name its base with `--base`")

    def base(self, name: str, platform: str) -> Base:
        """Returns the base for the platform. Raises Failure if it has none."""
        source, data, digest = self._sources[name]
        manifest = data
        content = _json(data, name)
        if content.get("mediaType") in _INDEXES or "manifests" in content:
            entries = content.get("manifests")
            chosen = next((entry for entry in entries if _is_for(entry, platform)), None) if entries else None
            if chosen is None:
                raise Failure(f"the image {name} does not exist for {platform}: its index {digest} has no entry for it")
            manifest = self._part(source, name, str(chosen.get("digest", "")), is_manifest=True)
            content = _json(manifest, name)
        settings = content.get("config")
        config = self._part(source, name, str(settings.get("digest", "")) if isinstance(settings, dict) else "")
        base = assemble.base(manifest, config, name)
        own = f"{base.config.get('os')}/{base.config.get('architecture')}"
        if own != platform:
            raise Failure(f"the image {name} is for {own}, and the environment is locked for {platform}")
        return base

    def _part(self, source: Repository | Layout, name: str, digest: str, is_manifest: bool = False) -> bytes:
        import io

        if not references.is_digest(digest):
            raise Failure(f"the base image {name} has an invalid manifest")
        try:
            if is_manifest:
                return source.manifest(digest)[0]
            buffer = io.BytesIO()
            source.blob(digest, buffer)
            return buffer.getvalue()
        except Missing:
            raise Failure(f"the base image {name} is incomplete: {digest} is missing") from None


def finish(
    order: Order,
    bases: Bases,
    archive: Callable[[Lock], Archive],
    code: tuple[dict[str, bytes], str] | None,
    digest: str,
) -> Finished:
    """Returns the image. `code` is the files of the code package and its digest, or None.

    `digest` is that of the base of an earlier build, or "". Raises Failure.
    """
    base_digest = bases.find(order.image, digest)
    annotations = {
        "org.opencontainers.image.base.digest": base_digest,
        "org.opencontainers.image.base.name": order.image,
    }
    variables = {"FLOWC_CODE_DIR": f"/{assemble.CODE}"} if code else {}
    images = {}
    for lock in order.locks:
        on = bases.base(order.image, lock.platform.name)
        _fits(on, lock, order.image)
        layers = assemble.environment_layers(archive(lock)) + ((assemble.code_layer(*code),) if code else ())
        about = {**annotations, "dev.flowc.environment": lock.environment}
        images[lock.platform.name] = assemble.image(on, layers, variables, about)
    parts = tuple(images[platform] for platform in sorted(images))
    if len(parts) == 1:
        return Finished(parts[0].manifest, assemble.MANIFEST, parts, base_digest)
    return Finished(assemble.index(images, annotations), assemble.INDEX, parts, base_digest)


def _fits(on: Base, lock: Lock, name: str) -> None:
    """Raises Failure if the base says that it has a different Python (PYTHON_VERSION of the official images)."""
    for setting in (on.config.get("config") or {}).get("Env") or []:
        variable, _, value = str(setting).partition("=")
        if variable == "PYTHON_VERSION" and not lock.conda and ".".join(value.split(".")[:2]) != lock.python:
            raise Failure(
                f"the image {name} has Python {value}, and the environment `{lock.name}` is for Python {lock.python}: "
                f"write `python='{'.'.join(value.split('.')[:2])}'` in the decorator and lock again, or choose a base "
                f"with Python {lock.python}"
            )


def push(finished: Finished, bases: Bases, name: str, to: Repository) -> int:
    """Pushes the image to the repository, and returns the number of bytes that were uploaded. Raises Failure.

    Manifests come last, so that the registry never has an incomplete image. The tag, made of the digest, keeps
    registries from collecting the image.
    """
    sent = 0
    source = bases.source(name)
    for part in finished.parts:
        if to.has(part.digest, "manifests"):
            continue
        for descriptor in part.base.layers:
            sent += _copy(source, descriptor, to)
        for data, digest in [
            *((layer.data, layer.digest) for layer in part.layers),
            (part.config, assemble.sha256(part.config)),
        ]:
            if not to.has(digest):
                to.put_blob(digest, data, len(data))
                sent += len(data)
        to.put_manifest(part.digest, part.manifest, assemble.MANIFEST)
    to.put_manifest(tag_of(finished.digest), finished.data, finished.media_type)
    if not to.has(finished.digest, "manifests"):
        raise Failure(f"the registry does not hold {finished.digest} after it was pushed: it may rewrite manifests")
    return sent


def tag_of(digest: str) -> str:
    """Returns the tag of the image with that digest."""
    return f"flowc-{digest.partition(':')[2][:40]}"


def _copy(source: Repository | Layout, descriptor: dict[str, Any], to: Repository) -> int:
    """Brings a layer of the base to the repository. Returns the bytes that were uploaded."""
    import tempfile

    digest = str(descriptor["digest"])
    if to.has(digest):
        return 0
    if (
        isinstance(source, Repository)
        and source.reference.host == to.reference.host
        and to.mount(digest, source.reference.name)
    ):
        return 0
    with tempfile.TemporaryFile(prefix="flowc-layer-") as file:
        _fetch(source, digest, file)
        size = file.tell()
        file.seek(0)
        to.put_blob(digest, file, size)
    return size


def _fetch(source: Repository | Layout, digest: str, file: BinaryIO) -> None:
    try:
        source.blob(digest, file)
    except Missing:
        raise Failure(f"the base image is incomplete: the layer {digest} is missing") from None


def write(finished: Finished, bases: Bases, name: str, shown: str, to: Written) -> None:
    """Adds the image, called `shown`, to the layout. Raises Failure."""
    source = bases.source(name)
    for part in finished.parts:
        for descriptor in part.base.layers:
            digest = str(descriptor["digest"])
            to.put(digest, lambda file, digest=digest: _fetch(source, digest, file))  # type: ignore[misc]
        blobs = [*((layer.digest, layer.data) for layer in part.layers), (assemble.sha256(part.config), part.config)]
        for digest, data in [*blobs, (part.digest, part.manifest)]:
            to.put(digest, lambda file, data=data: _all(file, data))  # type: ignore[misc]
    to.add(finished.data, finished.digest, finished.media_type, shown)


def _all(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _is_for(entry: dict[str, Any], platform: str) -> bool:
    about = entry.get("platform") if isinstance(entry, dict) else None
    return isinstance(about, dict) and f"{about.get('os')}/{about.get('architecture')}" == platform


def _json(data: bytes, name: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        content = json.loads(data)
        if isinstance(content, dict):
            return content
    raise Failure(f"the base image {name} has an invalid manifest")

"""Images from parts: a base image, and layers on it. Pure data: the same parts give the same bytes.

A layer holds an environment, and is its archive, byte by byte. The next one holds the description that the shim
compares with the machine. The last one holds the flow's code package, if wanted (docs/environments.md, Images).
"""

from __future__ import annotations

import hashlib
import json

from flowc.compiler.fast_start.record import record
from flowc.terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.environments.build import Archive

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_OF_DOCKER = {  # media types of Docker's own format → those of OCI, for the same bytes
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
}
_NEVER = "1970-01-01T00:00:00Z"
CODE = "opt/flowc/code"  # the folder of the code package


@record
class Base:
    """A base image for one platform."""

    digest: str  # of its manifest
    layers: tuple[dict[str, Any], ...]  # descriptors
    config: dict[str, Any]


@record
class Layer:
    """A layer that flowc adds."""

    data: bytes  # a tar as gzip
    diff_id: str  # digest of the tar
    comment: str  # for the image's history

    @property
    def digest(self) -> str:
        return sha256(self.data)


@record
class Image:
    """An image for one platform; its layers beside those of the base are in `layers`."""

    manifest: bytes
    config: bytes
    layers: tuple[Layer, ...]
    base: Base

    @property
    def digest(self) -> str:
        return sha256(self.manifest)


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def base(manifest: bytes, config: bytes, name: str) -> Base:
    """Returns the base image of its manifest and configuration. Raises Failure for one that flowc cannot extend."""
    try:
        content, settings = json.loads(manifest), json.loads(config)
        layers = tuple(
            {**layer, "mediaType": _OF_DOCKER.get(layer["mediaType"], layer["mediaType"])}
            for layer in content["layers"]
        )
        count = len(settings["rootfs"]["diff_ids"])
        inside = settings.get("config") or {}
        variables = inside.get("Env") or []
        if not isinstance(variables, list) or not all(isinstance(variable, str) for variable in variables):
            raise ValueError(variables)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Failure(f"the base image {name} has an invalid manifest or configuration") from None
    if len(layers) != count:
        raise Failure(f"the base image {name} has {len(layers)} layers, but its configuration states {count}")
    foreign = next((layer for layer in layers if layer.get("urls") or "foreign" in layer["mediaType"]), None)
    if foreign is not None:
        raise Failure(f"the base image {name} has a layer of type {foreign['mediaType']}, which cannot be pushed")
    return Base(sha256(manifest), layers, settings)


def environment_layers(archive: Archive) -> tuple[Layer, Layer]:
    """Returns the layer with the environment's files, and the one with its description."""
    from flowc.environments.build import ROOT
    from flowc.runtime_shim.environments.description import dumps

    about = archive.description
    hexadecimal = about.environment.partition(":")[2]
    tar = _tar({f"{ROOT}/{hexadecimal}.json": dumps(about)})
    return (
        Layer(archive.data, f"sha256:{about.tar}", f"flowc: environment {about.environment}"),
        _layer(tar, f"flowc: description of environment {about.environment}"),
    )


def code_layer(files: dict[str, bytes], digest: str) -> Layer:
    """Returns the layer with the files of a code package."""
    return _layer(_tar({f"{CODE}/{name}": data for name, data in files.items()}), f"flowc: code {digest}")


def image(on: Base, layers: tuple[Layer, ...], variables: dict[str, str], annotations: dict[str, str]) -> Image:
    """Returns the base image with the layers, the variables in its configuration, and the annotations."""
    settings = json.loads(json.dumps(on.config))
    inside = settings.get("config") or {}
    before = [variable for variable in inside.get("Env") or [] if variable.partition("=")[0] not in variables]
    if variables:
        inside["Env"] = [*before, *(f"{name}={value}" for name, value in sorted(variables.items()))]
    settings["config"] = inside
    settings["rootfs"]["diff_ids"] += [layer.diff_id for layer in layers]
    if settings.get("history"):  # if present, it must cover every layer
        settings["history"] += [{"created": _NEVER, "created_by": layer.comment} for layer in layers]
    config = _json(settings)
    own = [{"digest": layer.digest, "mediaType": LAYER, "size": len(layer.data)} for layer in layers]
    manifest = {
        "annotations": annotations,
        "config": {"digest": sha256(config), "mediaType": CONFIG, "size": len(config)},
        "layers": [*on.layers, *own], "mediaType": MANIFEST, "schemaVersion": 2,
    }  # fmt: skip
    return Image(_json(manifest), config, layers, on)


def index(images: dict[str, Image], annotations: dict[str, str]) -> bytes:
    """Returns the index of one image for each platform, such as `linux/amd64`."""
    manifests = []
    for platform in sorted(images):
        config = images[platform].base.config
        described = {"architecture": config.get("architecture", ""), "os": config.get("os", "linux")}
        if config.get("variant"):
            described["variant"] = config["variant"]
        manifests.append(
            {
                "digest": images[platform].digest, "mediaType": MANIFEST, "platform": described,
                "size": len(images[platform].manifest),
            }
        )  # fmt: skip
    return _json({"annotations": annotations, "manifests": manifests, "mediaType": INDEX, "schemaVersion": 2})


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _layer(tar: bytes, comment: str) -> Layer:
    import zlib

    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + packer.compress(tar) + packer.flush()
    data += zlib.crc32(tar).to_bytes(4, "little") + (len(tar) & 0xFFFFFFFF).to_bytes(4, "little")
    return Layer(data, sha256(tar), comment)


def _tar(files: dict[str, bytes]) -> bytes:
    """Returns a tar with sorted names, and neither times nor owners."""
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()

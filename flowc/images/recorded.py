"""`FLOW.lock/images.json`: the digests of the images that were built for a flow, to be reviewed and committed.

`flowc image` writes it, and `flowc compile --environments image` takes the digests from it, without a network.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record
from flowc.environments.demand import folder_of
from flowc.runtime_shim.fast_start import json_text

from .references import is_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILE = "images.json"
VERSION = 1


class Damaged(Exception):
    """An images.json that flowc did not write; the text is the reason."""


@record
class Built:
    """One image of a flow."""

    flow: str  # name of the class
    image: str  # the image that the steps would run in without it
    base: str  # digest of that image, as it was then
    environments: tuple[tuple[str, str], ...]  # (platform, digest of the environment), sorted
    code: str  # digest of the code package in it, or ""
    digest: str  # of the image, or of the index of its platforms

    def fits(self, image: str, environments: dict[str, str], code: str) -> bool:
        """Returns True if steps with this image and these environments (platform → digest) can run in it."""
        return (
            self.image == image
            and bool(self.environments)
            and all(environments.get(platform) == digest for platform, digest in self.environments)
            and self.code in ("", code)
        )


def path_of(flow_path: str) -> str:
    return os.path.join(folder_of(flow_path), FILE)


def read(flow_path: str) -> tuple[Built, ...]:
    """Returns the images of the flows in the file; () if none were built. Raises Damaged."""
    try:
        with open(path_of(flow_path), encoding="utf-8") as file:
            return loads(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from None


def loads(text: str) -> tuple[Built, ...]:
    """Returns the images in the file's text. Raises Damaged."""
    try:
        data = json_text.loads(text)
        version = data["version"]
        images = tuple(_built(image) for image in data["images"]) if version == VERSION else ()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged("it is not a list of images as flowc writes it") from None
    if version != VERSION:
        raise Damaged(f"it has version {version!r}, and this flowc reads version {VERSION}")
    return images


def _built(data: dict[str, Any]) -> Built:
    texts = [data[name] for name in ("flow", "image", "base", "digest")]
    environments = tuple(sorted(data["environments"].items()))
    code = data.get("code", "")
    digests = [data["base"], data["digest"], *(digest for _, digest in environments), *([code] if code else [])]
    if not all(isinstance(text, str) for text in (*texts, code)) or not all(map(is_digest, digests)):
        raise ValueError(data)
    flow, image, base, digest = texts
    return Built(flow, image, base, environments, code, digest)


def dumps(images: tuple[Built, ...]) -> str:
    """Returns the file's text, in a fixed order."""
    import json

    rows = []
    for built in sorted(images, key=lambda image: (image.flow, image.image, image.environments, image.code)):
        row: dict[str, object] = {"flow": built.flow, "image": built.image, "base": built.base}
        row["environments"] = dict(built.environments)
        if built.code:
            row["code"] = built.code
        rows.append({**row, "digest": built.digest})
    return json.dumps({"version": VERSION, "images": rows}, indent=1, ensure_ascii=False) + "\n"

"""Images on cards: detects the format of bytes, and encodes them for a card."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


def kind_of_image(data: bytes) -> Optional[str]:
    """Returns `png`, `jpeg`, `gif` or `webp` for the content of such a file, None for other bytes.

    >>> kind_of_image(b"GIF89a..."), kind_of_image(b"<svg/>")
    ('gif', None)
    """
    if data[6:10] in (b"JFIF", b"Exif") or data[:4] == b"\xff\xd8\xff\xdb":
        return "jpeg"
    if data.startswith(b"\211PNG\r\n\032\n"):
        return "png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return None


def data_uri(data: bytes) -> Optional[str]:
    """Returns the image as the source of an `<img>`; None for bytes that are not an image."""
    kind = kind_of_image(data)
    if kind is None:
        return None
    import base64

    return f"data:image/{kind};base64, {base64.encodebytes(data).decode('ascii')}"

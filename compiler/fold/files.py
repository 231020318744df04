"""Files that the flow's own code reads while Python imports it: `yaml.safe_load(open(HERE / "settings.yml"))`.

Folding reads such a file as a task would: in the folder of the code. The file goes into the code package, and its
digest into the spec's provenance. A file that tasks would not have is refused.
"""

from __future__ import annotations

import os
import posixpath

from .budget import MAX_WEIGHT, Unfoldable
from .values import PLACE, Native, from_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..source.sources import Sources
    from .values import Folding

_READING = ("r", "rt", "rb", "tr", "br")


class Opened:
    """A file that is open for reading."""

    is_object = True

    def __init__(self, path: str, data: bytes, encoding: str) -> None:
        self.path, self.data, self.encoding = path, data, encoding  # encoding: "" for bytes

    def content(self) -> Any:
        """Returns all of the file: text, or bytes. Raises Unfoldable."""
        if not self.encoding:
            return self.data
        try:
            return self.data.decode(self.encoding).replace("\r\n", "\n").replace("\r", "\n")
        except (UnicodeError, LookupError) as error:
            raise Unfoldable(f"`{self.path}` is not {self.encoding} text: {error}") from None

    def lines(self) -> list[Any]:
        """Returns the lines with their ends, as a loop over the file gives them."""
        content = self.content()
        end = "\n" if self.encoding else b"\n"
        lines = [line + end for line in content.split(end)]
        lines[-1] = lines[-1][: -len(end)]
        return lines if lines[-1] else lines[:-1]

    def attribute(self, folder: Folding, name: str) -> Any:
        if name == "read":
            return Native(name, lambda _folder: self.content())
        if name == "readlines":
            return Native(name, lambda _folder: self.lines())
        if name == "name":
            return self.path
        raise Unfoldable(f"what `.{name}` of a file returns is not known before the flow runs")


def opened(folder: Folding, path: Any, mode: Any = "r", encoding: Any = None, **others: Any) -> Opened:
    """Does what `open` does for a file of the flow's that is only read. Raises Unfoldable."""
    if mode not in _READING or not set(others) <= {"newline", "errors", "buffering"}:
        raise Unfoldable("only reading a file is known before the flow runs")
    shown, data = _read(folder, path)
    return Opened(shown, data, "" if "b" in mode else str(encoding or "utf-8"))


def exists(folder: Folding, path: Any) -> bool:
    """Returns True for a file of the flow's. Raises Unfoldable for any other path."""
    _read(folder, path)
    return True


def content_of(value: Any) -> Any:
    """Returns the content of an open file, and any other value unchanged."""
    return value.content() if isinstance(value, Opened) else value


def _read(folder: Folding, path: Any) -> tuple[str, bytes]:
    if not isinstance(path, str) and type(path).__name__ != "PurePosixPath":
        raise Unfoldable("the path of a file must be text")
    sources: Sources = folder.lookup(f"{PLACE}files")
    text = str(path)
    shown = posixpath.normpath(from_here(text))
    if os.path.isabs(shown):
        inside = os.path.relpath(shown, os.path.abspath(sources.folder)).replace(os.sep, "/")
        if text.startswith("/\0") or inside.startswith("..") or not folder.lookup(f"{PLACE}run"):
            raise Unfoldable(f"`{shown}` is a file of this machine, which tasks do not have")
        shown = inside
    if shown.startswith(".."):
        raise Unfoldable(
            f"`{shown}` is outside the folder of the flow, so tasks would not have it; move the file beside the flow"
        )
    data = sources.data(shown)
    if data is None:
        raise Unfoldable(f"there is no file `{shown}` beside the flow")
    if len(data) > MAX_WEIGHT:
        raise Unfoldable(f"the file `{shown}` is larger than {MAX_WEIGHT >> 20} MiB")
    return shown, data

"""Shows artifacts without running anybody's code: only values of plain types are unpickled."""

from __future__ import annotations

import io
import pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowc.runtime_shim.store import Store

LONGEST = 200  # characters of a value that are shown
READ = 1 << 20  # bytes of a pickle that is read to show a value


class _NotPlain(Exception):
    """Raised where a pickle would import a class."""


class _Plain(pickle.Unpickler):
    """Unpickles numbers, texts, bytes, None, and lists, tuples, sets and dictionaries of these."""

    def find_class(self, module: str, name: str) -> Any:
        raise _NotPlain(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise _NotPlain("a reference")


def plain(content: bytes) -> tuple[Any, bool]:
    """Returns (the value, True), or (None, False) if the content is not a plain value."""
    try:
        return _Plain(io.BytesIO(content)).load(), True
    except Exception:  # a damaged pickle raises nearly anything
        return None, False


def stored(store: Store, flow: str, entry: Mapping[str, Any]) -> tuple[Any, bool]:
    """Returns (the value, True) of an artifact that is plain and not large, wherever its content is."""
    from flowc.runtime_shim.artifacts import manifest
    from flowc.runtime_shim.contract.errors import ShimError

    if entry["size"] > READ:
        return None, False
    try:
        content = manifest.read(store, flow, dict(entry))
    except ShimError:  # damaged: `flowc dump` says how
        return None, False
    return (None, False) if content is None else plain(bytes(content))


def inlined(entry: Mapping[str, Any]) -> tuple[Any, bool]:
    """Returns (the value, True) of an artifact whose content is in its record and plain, else (None, False)."""
    import base64

    if "value" not in entry or entry["size"] > READ:
        return None, False
    return plain(base64.b64decode(entry["value"]))


def text_of(value: object, longest: int = LONGEST) -> str:
    """Returns the value's `repr`, cut in the middle of nothing: an ellipsis ends a long one."""
    from flowc.runtime_shim.artifacts.dump import stable_repr

    text = stable_repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"

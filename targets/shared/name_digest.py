"""The digest at the end of a name whose original is invalid on an engine: eight hexadecimal digits of its sha256."""

from __future__ import annotations


def digest(text: str) -> str:
    """Returns the digest of a name."""
    from flowc.runtime_shim.contract.digest import sha256_for

    data = text.encode("utf-8", "surrogatepass")
    return str(sha256_for(len(data))(data).hexdigest())[:8]


def ends_in_digest(text: str, separator: str) -> bool:
    """Returns True for a name that looks as if it ended in a digest after the separator."""
    before, _, last = text.rpartition(separator)
    return bool(before) and len(last) == 8 and all(character in "0123456789abcdef" for character in last)

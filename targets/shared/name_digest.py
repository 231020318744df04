"""The digest that a name ends in when an engine cannot have the original: eight hexadecimal digits of its sha256."""

from __future__ import annotations


def digest(text: str) -> str:
    """Returns the digest of a name."""
    from flowc.runtime_shim.contract.digest import (
        sha256,
    )  # of few bytes, without the 3 ms that OpenSSL takes to be loaded

    return str(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())[:8]


def ends_in_digest(text: str, separator: str) -> bool:
    """True for a name that could be taken for one that ends in a digest after the separator."""
    before, _, last = text.rpartition(separator)
    return bool(before) and len(last) == 8 and all(each in "0123456789abcdef" for each in last)

"""Kubernetes' rules for names, by kind, and for amounts. Both compile and validate use them.

Sources: Kubernetes' documentation, "Object Names and IDs", "Labels and Selectors" and "Annotations".
"""

from __future__ import annotations

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_ANY = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_LABEL, _SUBDOMAIN = 63, 253  # characters

LABEL_VALUE = "up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
KEY = f"{LABEL_VALUE}; a domain and `/` may come before them, as in `example.com/team`"
OBJECT = "up to 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends and beside each `.`"


def is_label(text: str) -> bool:
    """Returns True for a text that can be the value of a label or of a node selector."""
    return not text or is_key_name(text)


def is_key_name(text: str) -> bool:
    """Returns True for a text that can be the key of a label without a domain.

    >>> is_key_name("team"), is_key_name("-team"), is_key_name("")
    (True, False, False)
    """
    return 0 < len(text) <= _LABEL and _ANY.issuperset(text) and text[0].isalnum() and text[-1].isalnum()


def is_key(text: str) -> bool:
    """Returns True for a text that can be the key of a label, a node selector, an annotation or a resource.

    >>> is_key("example.com/team"), is_key("team"), is_key("/team"), is_key("a/b/c"), is_key("bad key")
    (True, True, False, False, False)
    """
    domain, slash, name = text.rpartition("/")
    return is_key_name(name) and (is_object(domain) if slash else True)


def is_object(text: str) -> bool:
    """Returns True for a text that can be the name of most objects, such as a Secret (RFC 1123 subdomain).

    >>> is_object("my-secret.v1"), is_object("My_Secret"), is_object("a..b"), is_object("")
    (True, False, False, False)
    """
    return len(text) <= _SUBDOMAIN and all(
        part and _LOWER.issuperset(part) and part[0] != "-" != part[-1] for part in text.split(".")
    )


def is_namespace(text: str) -> bool:
    """Returns True for a text that can be the name of a namespace (RFC 1123 label)."""
    return "." not in text and len(text) <= _LABEL and is_object(text)


def is_quantity(text: str) -> bool:
    """Returns True for an amount of a resource (Kubernetes, Quantity), but for the notation with an exponent.

    >>> is_quantity("100m"), is_quantity("1.5Gi"), is_quantity("2"), is_quantity("4 GB"), is_quantity("Mi")
    (True, True, True, False, False)
    """
    number = text.rstrip("mkKMGTPEi")
    whole, _, rest = number.partition(".")
    return (
        text.isascii()
        and (whole + rest).isdigit()
        and text[len(number) :] in ("", "m", "k", *"MGTPE", *(f"{letter}i" for letter in "KMGTPE"))
    )

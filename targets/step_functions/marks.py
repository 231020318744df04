"""What flowc writes on the objects of a deployment, to know them again.

A state machine and its job definitions have tags. A schedule has none of its own, so its description ends in the mark.
Values of tags have at most 256 characters, of `A-Z a-z 0-9 _ . : / = + - @` and space (AWS Batch, TagResource): others
are written as `@` and their bytes in hexadecimal, and a long value goes on in a second tag.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

DEPLOYMENT, RECORDS, FLOW = "flowc:deployment", "flowc:records", "flowc:flow"
_VALUE = 256
_DESCRIPTION = 512  # characters of a schedule's (CreateSchedule)
_IN_DESCRIPTION = " | flowc: "
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/=+- ")


def marks(name: str, records: str, flow: str) -> dict[str, str]:
    """Returns the tags of the deployment's objects.

    >>> marks("train", "s3://b/Train/deployments/prod%3Atrain", "Train")[RECORDS]
    's3://b/Train/deployments/prod@253Atrain'
    """
    tags = {}
    for key, text in ((DEPLOYMENT, name), (RECORDS, records), (FLOW, flow)):
        coded = _coded(text)
        for number, at in enumerate(range(0, len(coded), _VALUE), 1):
            tags[key if number == 1 else f"{key}:{number}"] = coded[at : at + _VALUE]
    return tags


def marked(tags: Mapping[str, str], key: str) -> str:
    """Returns the text that the tags hold under the key; "" for none."""
    text, number = tags.get(key, ""), 2
    while f"{key}:{number}" in tags:
        text, number = text + tags[f"{key}:{number}"], number + 1
    return _decoded(text)


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Returns the tags as Step Functions has them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def as_dict(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {str(tag.get("key", tag.get("Key"))): str(tag.get("value", tag.get("Value"))) for tag in tags}


def described(text: str, records: str) -> str:
    """Returns a schedule's description with the mark.

    >>> described("Runs of flow Train", "s3://b/Train/deployments/prod%3Atrain")
    'Runs of flow Train | flowc: s3://b/Train/deployments/prod%3Atrain'
    """
    return text[: max(0, _DESCRIPTION - len(_IN_DESCRIPTION) - len(records))] + _IN_DESCRIPTION + records


def description_mark(text: str) -> tuple[str, str]:
    """Returns the description without the mark, and the mark."""
    before, _, records = text.rpartition(_IN_DESCRIPTION)
    return (before, records) if _IN_DESCRIPTION in text else (text, "")


def _coded(text: str) -> str:
    return "".join(
        character if character in _PLAIN else "".join(f"@{byte:02X}" for byte in character.encode())
        for character in text
    )


def _decoded(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text.replace("%", "%25").replace("@", "%"))

"""The licences of locked packages, as their own metadata state them.

A wheel's are in its METADATA: `License-Expression` (PEP 639), else `License`, else classifiers. uv fetches the wheels,
from its cache where it has them, and compares them with their digests. Conda's are in the lock.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record
from flowc.terminal import Failure

from . import uv
from .requests import normalized
from .wheels import install_wheels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .pylock import Lock

UNKNOWN = "unknown"
_CLASSIFIER = "License :: "
_LONGEST = 80  # characters of `License`, which often holds the whole text


@record
class License:
    """The licence of one package."""

    text: str  # an expression of SPDX, or what else the package says
    source: str  # "License-Expression", "License", "classifiers", "the channel", or ""


def of(locks: Iterable[Lock]) -> dict[tuple[str, str], License]:
    """Returns the licence of each package, by name and version. Raises Failure if a package cannot be fetched."""
    import sys
    import tempfile

    licenses: dict[tuple[str, str], License] = {}
    for lock in locks:
        for package in lock.conda:
            licenses[package.name, package.version] = License(
                package.license or UNKNOWN, "the channel" if package.license else ""
            )
        if all((wheel.name, wheel.version) in licenses for wheel in lock.wheels):
            continue
        with tempfile.TemporaryDirectory(prefix="flowc-licenses-") as folder:
            where = ["--target", folder, "-p", sys.executable, "--python-version", lock.interpreter]
            try:
                install_wheels(lock, [*where, "--python-platform", lock.platform.triple])
            except uv.Refused as error:
                raise Failure(f"the packages of the environment `{lock.name}` cannot be fetched: {error}") from None
            metadata = dict(_metadata(os.path.join(folder, name)) for name in os.listdir(folder) if _is_info(name))
        for wheel in lock.wheels:
            licenses[wheel.name, wheel.version] = metadata.get(wheel.name, License(UNKNOWN, ""))
    return licenses


def _is_info(name: str) -> bool:
    return name.endswith(".dist-info")


def _metadata(folder: str) -> tuple[str, License]:
    """Returns the name and the licence of an installed package."""
    from email.parser import BytesHeaderParser

    name = os.path.basename(folder).split("-")[0]
    try:
        with open(os.path.join(folder, "METADATA"), "rb") as file:
            headers = BytesHeaderParser().parse(file)
    except OSError:
        return normalized(name), License(UNKNOWN, "")
    expression, text = str(headers.get("License-Expression", "")).strip(), str(headers.get("License", "")).strip()
    classifiers = [str(value) for value in headers.get_all("Classifier", []) if str(value).startswith(_CLASSIFIER)]
    names = [
        classifier.rpartition(" :: ")[2] for classifier in classifiers if classifier != f"{_CLASSIFIER}OSI Approved"
    ]
    if expression:
        return normalized(name), License(expression, "License-Expression")
    if text and "\n" not in text and len(text) <= _LONGEST and text.upper() != "UNKNOWN":
        return normalized(name), License(text, "License")
    if names:
        return normalized(name), License(" AND ".join(names) if len(names) == 1 else "; ".join(names), "classifiers")
    return normalized(name), License(UNKNOWN, "")


def shown(licenses: dict[tuple[str, str], License]) -> list[str]:
    """Returns the licences as lines for a person: a table, and how many packages have each."""
    rows = [("name", "version", "license", "from")]
    rows += [
        (name, version, license.text, license.source or "-") for (name, version), license in sorted(licenses.items())
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    unknown = sum(1 for license in licenses.values() if license.text == UNKNOWN)
    if unknown:
        lines.append(f"{unknown} package{'s' if unknown != 1 else ''} of {len(licenses)} state no licence in this form")
    return lines

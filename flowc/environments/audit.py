"""Compares locked packages with a database of vulnerabilities, in the format of OSV (ossf.github.io/osv-schema).

The database is a file, a folder or a URL: one record, a list of them, or a zip of records such as OSV publishes for
PyPI (https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip). Only the packages of PyPI can be compared.
"""

from __future__ import annotations

import json
import os

from flowc.compiler.fast_start.record import record
from flowc.terminal import Failure

from . import versions
from .requests import normalized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .pylock import Lock

MAX_RECORD = 32 << 20  # bytes
MAX_DATABASE = 4 << 30


@record
class Finding:
    """One vulnerability of a locked package."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]  # versions
    summary: str


@record
class Audit:
    """The result of a comparison."""

    findings: tuple[Finding, ...]
    compared: int  # packages
    unknown: tuple[str, ...]  # packages that no such database knows
    records: int  # in the database
    newest: str  # when the last of them was changed


def audit(locks: Iterable[Lock], database: str) -> Audit:
    """Compares the packages with the database. Raises Failure if it cannot be read."""
    packages: dict[str, set[str]] = {}
    unknown: set[str] = set()
    for lock in locks:
        for wheel in lock.wheels:
            if wheel.built in ("git", "directory") or wheel.direct:
                unknown.add(f"{wheel.name} {wheel.version} (of {wheel.built or 'a URL'})")
            else:
                packages.setdefault(wheel.name, set()).add(wheel.version)
        unknown |= {f"{package.name} {package.version} (of conda)" for package in lock.conda}
    findings: dict[tuple[str, str, str], Finding] = {}
    names = [name.replace("-", "").encode() for name in packages]
    count, newest = 0, ""
    for data in _records(database):
        bare = data.lower().replace(b"-", b"").replace(b"_", b"").replace(b".", b"")
        count += 1
        if not any(name in bare for name in names):  # saves parsing nearly all of them
            continue
        for one in _parsed(data):
            newest = max(newest, str(one.get("modified", "")))
            for finding in _findings(one, packages):
                findings[finding.package, finding.version, finding.id] = finding
    if not count:
        raise Failure(f"{database} holds no records of vulnerabilities")
    ordered = tuple(findings[key] for key in sorted(findings))
    return Audit(ordered, sum(map(len, packages.values())), tuple(sorted(unknown)), count, newest)


def _parsed(data: bytes) -> list[dict[str, Any]]:
    try:
        one = json.loads(data)
    except (ValueError, RecursionError):
        return []
    return [entry for entry in (one if isinstance(one, list) else [one]) if isinstance(entry, dict)]


def _findings(one: dict[str, Any], packages: dict[str, set[str]]) -> Iterator[Finding]:
    if one.get("withdrawn") or not isinstance(one.get("affected"), list):
        return
    for affected in one["affected"]:
        about = affected.get("package") if isinstance(affected, dict) else None
        if not isinstance(about, dict) or about.get("ecosystem") != "PyPI":
            continue
        name = normalized(str(about.get("name", "")))
        for version in packages.get(name, ()):
            if _is_affected(version, affected):
                aliases = tuple(sorted(str(alias) for alias in one.get("aliases") or ()))
                fixed = tuple(dict.fromkeys(_fixed(affected)))
                yield Finding(name, version, str(one.get("id", "")), aliases, fixed, str(one.get("summary", "")))


def _is_affected(version: str, affected: dict[str, Any]) -> bool:
    own = versions.key(version)
    if version in (affected.get("versions") or ()):
        return True
    if own is not None and any(versions.key(str(entry)) == own for entry in affected.get("versions") or ()):
        return True
    return own is not None and any(_is_in(own, events) for events in _ranges(affected))


def _ranges(affected: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    for one in affected.get("ranges") or ():
        if isinstance(one, dict) and one.get("type") == "ECOSYSTEM" and isinstance(one.get("events"), list):
            yield [event for event in one["events"] if isinstance(event, dict)]


def _is_in(own: tuple[Any, ...], events: list[dict[str, Any]]) -> bool:
    """Returns True if the version is in the range (OSV schema, evaluation)."""
    order = []
    for event in events:
        for kind, value in event.items():
            at = (-1,) if value == "0" and kind == "introduced" else versions.key(str(value))
            if at is not None and kind in ("introduced", "fixed", "last_affected"):
                order.append((at, kind))
    inside = False
    for at, kind in sorted(order):
        if kind == "introduced" and own >= at:
            inside = True
        elif (kind == "fixed" and own >= at) or (kind == "last_affected" and own > at):
            inside = False
    return inside


def _fixed(affected: dict[str, Any]) -> Iterator[str]:
    for events in _ranges(affected):
        for event in events:
            if event.get("fixed"):
                yield str(event["fixed"])


# ── the database ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _records(database: str) -> Iterator[bytes]:
    """Yields the text of each record. Raises Failure."""
    if "://" in database:
        import tempfile

        with tempfile.TemporaryFile() as file:
            _fetch(database, file)
            file.seek(0)
            yield from _of_file(file, database)
    elif os.path.isdir(database):
        for inside, _, names in sorted(os.walk(database)):
            for name in sorted(names):
                if name.endswith(".json"):
                    with open(os.path.join(inside, name), "rb") as file:
                        yield file.read(MAX_RECORD)
    else:
        try:
            with open(database, "rb") as file:
                yield from _of_file(file, database)
        except OSError as error:
            raise Failure(f"{database} cannot be read: {error.strerror or error}") from None


def _fetch(url: str, file: Any) -> None:
    import urllib.error
    import urllib.request

    if not url.startswith(("https://", "http://")):
        raise Failure(f"{url} is not a URL of the web")
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            while block := answer.read(1 << 20):
                file.write(block)
                if file.tell() > MAX_DATABASE:
                    raise Failure(f"{url} is too large for a database of vulnerabilities")
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Failure(f"{url} cannot be fetched: {error}") from None


def _of_file(file: Any, name: str) -> Iterator[bytes]:
    import zipfile

    if not zipfile.is_zipfile(file):
        file.seek(0)
        data = file.read()
        if not _parsed(data):
            raise Failure(f"{name} is neither JSON nor a zip of JSON files")
        yield data
        return
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in sorted(archive.namelist()):
                if entry.endswith(".json"):
                    with archive.open(entry) as member:
                        yield member.read(MAX_RECORD)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Failure(f"{name} is damaged: {error}") from None


def shown(result: Audit) -> list[str]:
    """Returns the result as lines for a person, as pip-audit prints it."""
    lines = []
    if result.findings:
        rows = [("name", "version", "id", "fixed in", "also known as")]
        for finding in result.findings:
            rows.append(
                (
                    finding.package,
                    finding.version,
                    finding.id,
                    ", ".join(finding.fixed) or "-",
                    ", ".join(finding.aliases),
                )
            )
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        lines += ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    many = "y" if len(result.findings) == 1 else "ies"
    until = f", the newest that could concern them of {result.newest}" if result.newest else ""
    lines.append(
        f"{len(result.findings)} known vulnerabilit{many} in {result.compared} packages of PyPI, "
        f"of {result.records} records{until}"
    )
    if result.unknown:
        lines.append(f"not compared, since the database does not know them: {', '.join(result.unknown)}")
    return lines

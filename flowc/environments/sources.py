"""The packages of steps without a decorator: those of the file that `dependencies` in `[tool.flowc]` names.

It is a `pyproject.toml`, `uv.lock`, `requirements.txt` or `environment.yml`. Nothing here needs uv or a network, so
that `check` can compare the file with the lock.
"""

from __future__ import annotations

import os
import sys

from flowc.compiler.fast_start.record import record

from .requirements_text import BadSource, lines_of, local, read, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

UV_LOCK = "uv.lock "  # begins the line that stands for a lock of uv, before its digest


@record
class Source:
    """What the file asks for."""

    name: str  # of the file, relative to the flow's folder
    lines: tuple[str, ...] = ()  # requirements (PEP 508) and constraints, as in `requirements_text`, sorted
    conda: tuple[tuple[str, str], ...] = ()  # packages of conda: (name, version specifier)
    channels: tuple[str, ...] = ()
    python: str = ""  # the version that the file asks for, if it is one


def source_of(path: str, options: dict[str, str]) -> Source | None:
    """Returns what the project's file asks for; None if no setting names one.

    `path` is the flow's file, and `options` are the settings of its project. Raises BadSource.
    """
    file = options.get("dependencies", "")
    if not file:
        return None
    folder = os.path.dirname(os.path.abspath(path))
    file = os.path.abspath(file)
    name = os.path.relpath(file, folder).replace(os.sep, "/")
    extras, groups = _words(options.get("extras", "")), _words(options.get("groups", ""))
    last = os.path.basename(file)
    if last.endswith((".yml", ".yaml")):
        return _conda(name, file, folder)
    if last == "uv.lock":
        return Source(name, (UV_LOCK + _uv_digest(text_of(file), extras, groups),))
    if last.endswith(".toml"):
        return Source(name, tuple(sorted(set(_Project(file, folder).lines(extras, groups)))))
    return Source(name, read(file, folder))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _uv_digest(text: str, extras: tuple[str, ...], groups: tuple[str, ...]) -> str:
    import hashlib

    what = "\n".join(
        [*sorted(f"extra {extra}" for extra in extras), *sorted(f"group {group}" for group in groups), text]
    )
    return f"sha256:{hashlib.sha256(what.encode()).hexdigest()}"


# ── pyproject.toml ───────────────────────────────────────────────────────────────────────────────────────────────────


def toml(text: str, file: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSource(f"`{file}` is not valid TOML: {error}", "correct it") from None


class _Project:
    """The dependencies of a `pyproject.toml` (PEP 621, PEP 735), and where uv's settings say they are."""

    def __init__(self, file: str, folder: str) -> None:
        self.file, self.folder, self.above = file, folder, os.path.dirname(file)
        self.data = toml(text_of(file), file)
        self.project = self._table(self.data.get("project", {}), "[project]")
        uv = self._table(self._table(self.data.get("tool", {}), "[tool]").get("uv", {}), "[tool.uv]")
        self.places = self._table(uv.get("sources", {}), "[tool.uv.sources]")

    def lines(self, extras: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[str]:
        for requirement in self._texts(self.project.get("dependencies", []), "`dependencies`"):
            yield from self._line(requirement)
        for extra in extras:
            yield from self._extra(extra, ())
        for group in groups:
            yield from self._group(group, ())

    def _extra(self, name: str, above: tuple[str, ...]) -> Iterator[str]:
        extras = self._table(self.project.get("optional-dependencies", {}), "`optional-dependencies`")
        for requirement in self._texts(self._named(extras, name, above, "extra"), f"the extra `{name}`"):
            own, bracket, rest = requirement.partition("[")
            if bracket and _same(own) == _same(str(self.project.get("name", ""))):
                for other in rest.partition("]")[0].split(","):
                    yield from self._extra(other.strip(), (*above, name))
            else:
                yield from self._line(requirement)

    def _group(self, name: str, above: tuple[str, ...]) -> Iterator[str]:
        groups = self._table(self.data.get("dependency-groups", {}), "[dependency-groups]")
        for entry in self._named(groups, name, above, "group"):
            if isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
                yield from self._group(entry["include-group"], (*above, name))
            else:
                yield from self._line(self._texts([entry], f"the group `{name}`")[0])

    def _named(self, table: dict[str, Any], name: str, above: tuple[str, ...], kind: str) -> list[Any]:
        entries = next((value for key, value in table.items() if _same(key) == _same(name)), None)
        if not isinstance(entries, list) or name in above:
            names = ", ".join(f"`{key}`" for key in sorted(table)) or "none"
            why = f"`{self.file}` has no {kind} `{name}`" if name not in above else f"the {kind} `{name}` holds itself"
            raise BadSource(why, f"correct it; its {kind}s are {names}")
        return entries

    def _line(self, requirement: str) -> Iterator[str]:
        """Yields the requirement, with the place that `[tool.uv.sources]` gives to its package."""
        bare = requirement.partition(";")[0]
        name = bare[
            : next(
                (at for at, character in enumerate(bare) if not (character.isalnum() or character in "._-")), len(bare)
            )
        ]
        place = next((value for key, value in self.places.items() if _same(key) == _same(name)), None)
        if place is None or "@" in bare:
            yield from lines_of(requirement, self.above, self.folder)
            return
        for one in place if isinstance(place, list) else [place]:
            table = self._table(one, f"the source of `{name}`")
            url = self._url(name, table)
            marker = " and ".join(
                f"({part.strip()})" for part in (requirement.partition(";")[2], str(table.get("marker", ""))) if part
            )
            if not url:
                yield from lines_of(requirement, self.above, self.folder)
                continue
            extras = bare[len(name) :].strip()
            shown = name + (extras.partition("]")[0] + "]" if extras.startswith("[") else "")
            yield from lines_of(f"{shown} @ {url}{f' ; {marker}' if marker else ''}", self.above, self.folder)

    def _url(self, name: str, place: dict[str, Any]) -> str:
        """Returns the URL or the path of a source of uv; "" for an index, which settings of flowc name."""
        folder = f"#subdirectory={place['subdirectory']}" if place.get("subdirectory") else ""
        if "git" in place:
            revision = next((str(place[key]) for key in ("rev", "tag", "branch") if place.get(key)), "")
            url = str(place["git"])
            return f"{'' if url.startswith('git+') else 'git+'}{url}{f'@{revision}' if revision else ''}{folder}"
        if "url" in place:
            return f"{place['url']}{folder}"
        if "path" in place:
            return os.path.relpath(os.path.join(self.above, str(place["path"])), self.above)
        if place.get("workspace"):
            return os.path.relpath(_member(self.above, name), self.above)
        if "index" in place:
            return ""
        raise BadSource(f"`{self.file}` has a source of `{name}` that flowc does not know", "remove it")

    def _table(self, value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise BadSource(f"`{self.file}`: {where} is not a table", "correct it")
        return value

    def _texts(self, value: Any, where: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BadSource(f"`{self.file}`: {where} is not a list of requirements", "correct it")
        return value


def _same(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")


def _member(folder: str, name: str) -> str:
    """Returns the folder of the workspace's package of that name. Raises BadSource."""
    import glob

    above = folder
    while True:
        file = os.path.join(above, "pyproject.toml")
        if os.path.isfile(file):
            uv = toml(text_of(file), file).get("tool", {}).get("uv", {})
            members = uv.get("workspace", {}).get("members", []) if isinstance(uv, dict) else []
            for pattern in members if isinstance(members, list) else []:
                for place in sorted(glob.glob(os.path.join(glob.escape(above), str(pattern)))):
                    own = os.path.join(place, "pyproject.toml")
                    named = toml(text_of(own), own).get("project", {}) if os.path.isfile(own) else {}
                    if isinstance(named, dict) and _same(str(named.get("name", ""))) == _same(name):
                        return place
        parent = os.path.dirname(above)
        if parent == above:
            raise BadSource(f"no workspace above {folder} has a package `{name}`", "correct `[tool.uv.sources]`")
        above = parent


# ── environment.yml ──────────────────────────────────────────────────────────────────────────────────────────────────


def _conda(name: str, file: str, folder: str) -> Source:
    """Reads the file's channels, packages, and packages of `pip`."""
    try:
        import yaml
    except ImportError:
        raise BadSource(f"reading `{name}` needs PyYAML", "install `flowc[yaml]`") from None
    try:
        data = yaml.safe_load(text_of(file))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadSource(f"`{name}` is not valid YAML: {' '.join(str(error).split())[:200]}", "correct it") from None
    data = data if isinstance(data, dict) else {}
    channels, dependencies = data.get("channels") or [], data.get("dependencies") or []
    if not all(isinstance(value, list) for value in (channels, dependencies)):
        raise BadSource(f"`{name}`: `channels` and `dependencies` must be lists", "correct it")
    packages: dict[str, str] = {}
    lines: list[str] = []
    for dependency in dependencies:
        if isinstance(dependency, dict) and list(dependency) == ["pip"] and isinstance(dependency["pip"], list):
            lines += lines_of("\n".join(map(str, dependency["pip"])), os.path.dirname(file), folder)
        elif isinstance(dependency, str):
            package, version = spec(dependency)
            packages[package] = version
        else:
            raise BadSource(
                f"`{name}` has a dependency that flowc does not know: {dependency!r}", "write `NAME=VERSION`"
            )
    python = packages.get("python", "").lstrip("=").rstrip(".*")
    named = tuple(str(channel) for channel in channels if str(channel) != "nodefaults")
    exact = python if python.replace(".", "").isdigit() else ""
    return Source(name, tuple(sorted(set(lines))), tuple(sorted(packages.items())), named, exact)


def spec(text: str) -> tuple[str, str]:
    """Splits a dependency of conda into its name and the rest, which `conda.py` gives to the solver.

    >>> spec("numpy=1.26"), spec("conda-forge::python >=3.11,<3.13"), spec("pip")
    (('numpy', '=1.26'), ('conda-forge::python', '>=3.11,<3.13'), ('pip', ''))
    """
    at = next((at for at, character in enumerate(text) if character in " =<>!~["), len(text))
    return text[:at].strip(), text[at:].strip()


__all__ = ("UV_LOCK", "BadSource", "Source", "local", "source_of", "spec", "toml")

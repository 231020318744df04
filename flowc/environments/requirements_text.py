"""Reads `requirements.txt`: its requirements and constraints, with the files that it includes.

The result holds one line for each requirement, in a form that does not depend on comments, order or layout. Paths of
local packages are relative to the flow's folder.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CONSTRAINT = "-c "  # begins a line that only limits versions
_IGNORED = ("--only-binary", "--prefer-binary", "--require-hashes", "--no-build")  # flowc does that anyway
_INDEXES = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host")
_EDITABLE = ("-e", "--editable")
_INCLUDES = {"-r": False, "--requirement": False, "-c": True, "--constraint": True}
_DEPTH = 20  # of files that include files


class BadSource(Exception):
    """A file of dependencies that cannot be used; the text says why, `how` what to write instead."""

    def __init__(self, why: str, how: str) -> None:
        super().__init__(why)
        self.how = how


def read(path: str, folder: str) -> tuple[str, ...]:
    """Returns the lines of the file, sorted. Raises BadSource."""
    return tuple(sorted(set(_of_file(path, folder, False, ()))))


def lines_of(text: str, above: str, folder: str) -> tuple[str, ...]:
    """Returns the lines of a text of this form, whose paths are relative to `above`. Raises BadSource."""
    return tuple(
        sorted({requirement for line in _joined(text) for requirement in _of_line(line, above, folder, False, ())})
    )


def text_of(path: str) -> str:
    """Returns the file's text. Raises BadSource if it cannot be read."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise BadSource(f"`{path}` cannot be read: {error.strerror or error}", "correct the path") from None
    except UnicodeDecodeError:
        raise BadSource(f"`{path}` is not UTF-8 text", "save the file as UTF-8") from None


def local(path: str, above: str, folder: str) -> str:
    """Returns the path of a local package relative to the flow's folder, such as `./libs/mine`.

    Raises BadSource for a folder without a pyproject.toml or setup.py.
    """
    place = os.path.normpath(os.path.join(above, path.removeprefix("file:")))
    if not any(os.path.isfile(os.path.join(place, file)) for file in ("pyproject.toml", "setup.py")):
        raise BadSource(
            f"`{path}` is not the folder of a package: it holds neither pyproject.toml nor setup.py",
            "correct the path, which is relative to the file that names it",
        )
    relative = os.path.relpath(place, folder or ".").replace(os.sep, "/")
    return relative if relative.startswith("../") or relative == ".." else f"./{relative}"


def _of_file(path: str, folder: str, only_limits: bool, above: tuple[str, ...]) -> Iterator[str]:
    if os.path.abspath(path) in above or len(above) > _DEPTH:
        raise BadSource(f"`{path}` includes itself", "remove one of the lines with `-r`")
    inside = (*above, os.path.abspath(path))
    for line in _joined(text_of(path)):
        yield from _of_line(line, os.path.dirname(path), folder, only_limits, inside)


def _joined(text: str) -> Iterator[str]:
    """Yields the lines without comments; a backslash at the end of a line continues it."""
    waiting = ""
    for line in text.splitlines():
        line = _without_comment(waiting + line).rstrip()
        waiting = ""
        if line.endswith("\\"):
            waiting = line[:-1].rstrip() + " "
        elif line.strip():
            yield line.strip()
    if waiting.strip():
        yield waiting.strip()


def _of_line(line: str, above: str, folder: str, only_limits: bool, inside: tuple[str, ...]) -> Iterator[str]:
    option, value = _option(line)
    if option in _INCLUDES:
        if "://" in value:
            raise BadSource(f"`{line}` includes a file of a server", "copy the file into the repository")
        yield from _of_file(os.path.join(above, value), folder, only_limits or _INCLUDES[option], inside)
    elif option in _INDEXES:
        raise BadSource(
            f"`{line}` names an index",
            'name indexes in `[tool.flowc]` of pyproject.toml: `index = "URL"`, `default-index = "URL"`',
        )
    elif option in _IGNORED:
        return
    elif option in _EDITABLE:
        yield from _limited(_unnamed(value, above, folder), only_limits)
    elif option:
        raise BadSource(f"`{line}` is an option that flowc does not know", "remove it")
    else:
        yield from _limited(_requirement(line, above, folder), only_limits)


def _option(line: str) -> tuple[str, str]:
    """Returns the option at the beginning of the line and its value; two empty texts for a requirement."""
    if not line.startswith("-"):
        return "", ""
    if not line.startswith("--"):
        return line[:2], line[2:].lstrip(" =")
    name, _, value = line.replace("=", " ", 1).partition(" ")
    return name, value.strip()


def _without_comment(line: str) -> str:
    if "#" not in line:
        return line
    import re

    return re.sub(r"(^|\s+)#.*$", "", line)


def _limited(line: str, only_limits: bool) -> Iterator[str]:
    yield CONSTRAINT + line if only_limits else line


def _requirement(line: str, above: str, folder: str) -> str:
    import re

    what, *hashes = re.split(r"\s+--hash[= ]", line)
    if re.search(r"\s--?[a-z]", what):
        raise BadSource(f"`{line[:80]}` has an option that flowc does not know", "remove the option")
    name, separator, rest = what.partition("@")
    if separator and re.fullmatch(r"\s*[\w.-]+\s*(\[[^]]*\])?\s*", name):
        url, marker = _marker(rest)
        requirement = f"{name.strip()} @ {_place(url, above, folder)}{marker}"
    elif "://" in what.partition(";")[0] or what.startswith((".", "/", "file:")) or what.endswith((".whl", "/")):
        requirement = _unnamed(what, above, folder)
    else:
        requirement = " ".join(what.split())
    return " ".join([requirement, *sorted(f"--hash={digest.strip()}" for digest in hashes)])


def _unnamed(what: str, above: str, folder: str) -> str:
    """Returns a requirement that is only a place: `git+https://…#egg=NAME`, or a folder."""
    url, marker = _marker(what)
    place, _, fragment = url.partition("#")
    parts = dict(field.partition("=")[::2] for field in fragment.split("&"))
    name = parts.pop("egg", "")
    kept = "&".join(f"{key}={value}" for key, value in parts.items() if value)
    location = _place(f"{place}#{kept}" if kept else place, above, folder)
    return f"{name} @ {location}{marker}" if name else f"{location}{marker}"


def _marker(text: str) -> tuple[str, str]:
    """Splits a URL from its marker, which follows ` ;`."""
    url, separator, marker = text.strip().partition(" ;")
    return url.strip(), f" ; {marker.strip()}" if separator else ""


def _place(url: str, above: str, folder: str) -> str:
    if "://" in url and not url.startswith("file:"):
        return url
    bare, _, extras = url.partition("[")
    if bare.endswith(".whl"):
        raise BadSource(
            f"`{url}` is a wheel in a folder", "serve it from an index or a URL, or name the folder of its sources"
        )
    if os.path.isabs(bare.removeprefix("file://").removeprefix("file:")):
        raise BadSource(f"`{url}` is an absolute path, which other machines lack", "write a relative path")
    return local(bare, above, folder) + (f"[{extras}" if extras else "")

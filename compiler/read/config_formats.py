"""The texts of configurations: JSON, and the formats of Metaflow's own parsers.

Those are YAML, TOML, requirements and conda environments.

`parse(format, text)` returns plain data. Formats and their rules are those of Metaflow's documentation and of PEP 508
and PEP 621.
"""

from __future__ import annotations

import re

from ..fold.budget import Unfoldable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_ITEMS = 100_000
MAX_DEPTH = 60


class BadText(ValueError):
    """Raised for a text that cannot be used; `how` is the remedy, or "" if it is obvious."""

    def __init__(self, why: str, how: str = "") -> None:
        super().__init__(why)
        self.how = how


def parse(kind: str, text: str) -> Any:
    """Returns the text's value. `kind` is json, yaml, toml, requirements, pyproject or conda. Raises BadText."""
    return _checked(
        {
            "json": _json,
            "yaml": _yaml,
            "toml": _toml,
            "requirements": _requirements,
            "pyproject": _pyproject,
            "conda": _conda,
        }[kind](text)
    )


def literal(value: Any) -> str:
    """Returns a Python literal of the value if JSON would lose part of it, else "".

    JSON loses tuples, sets, bytes and keys other than text. Raises Unfoldable for a value without a literal.
    """
    return "" if _is_json(value) else _literal(value)


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, (bool, int, str, float))


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(f"{_literal(item)}, " for item in value).strip() + ")"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(_literal, value))) + "}" if value else "set()"
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return ascii(value)
    raise Unfoldable(f"a value of type `{type(value).__name__}` cannot travel with the code")


def _checked(value: Any) -> Any:
    """Raises BadText for a value with too many items, or too deep nesting."""
    waiting, count = [(value, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MAX_ITEMS or depth > MAX_DEPTH:
            raise BadText("it has too many items, or nests them too deeply")
        if isinstance(part, dict):
            waiting += [(one, depth + 1) for one in part.values()]
        elif isinstance(part, (list, tuple, set)):
            waiting += [(one, depth + 1) for one in part]
        elif not (part is None or isinstance(part, (bool, int, float, str, bytes))):
            raise BadText(
                f"it contains a value of type `{type(part).__name__}`, which a spec cannot",
                "write it as text, in quotes",
            )
        elif isinstance(part, float) and (part != part or part in (float("inf"), float("-inf"))):
            raise BadText(f"it contains `{part}`, which a spec cannot", "write it as text, in quotes")
        elif isinstance(part, str):
            try:
                part.encode()
            except UnicodeEncodeError:
                raise BadText("it contains a lone surrogate, which UTF-8 cannot encode") from None
    return value


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadText(
            f"it is not valid JSON: {error.msg}, line {error.lineno} column {error.colno}",
            "correct it, or name a `parser`",
        ) from None
    except (ValueError, RecursionError) as error:
        raise BadText(f"it is not valid JSON: {error}", "correct it, or name a `parser`") from None


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise BadText("reading YAML needs the package PyYAML", "`pip install 'flowc[yaml]'`, or write JSON") from None
    if text.count("*") > 1000 and text.count("&") > 5:  # aliases of aliases grow exponentially
        raise BadText("it uses too many aliases")
    try:
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise BadText(f"it is not valid YAML: {' '.join(str(error).split())[:200]}") from None
    except (ValueError, RecursionError) as error:
        raise BadText(f"it is not valid YAML: {error}") from None
    return data


def _toml(text: str) -> Any:
    from importlib import import_module

    reader: Any = None
    for name in ("tomllib", "tomli"):  # Python 3.11 has the first
        try:
            reader = import_module(name)
            break
        except ImportError:
            continue
    if reader is None:
        raise BadText("reading TOML needs Python 3.11, or the package tomli", "`pip install tomli`, or write JSON")
    try:
        return reader.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadText(f"it is not valid TOML: {error}") from None


# ── requirements ─────────────────────────────────────────────────────────────────────────────────────────────────────

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+"
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME})\s*(?:\[\s*(?P<extras>(?:{_NAME}(?:\s*,\s*{_NAME})*)?)\s*\])?\s*"
    rf"(?:@\s*(?P<url>\S+)|\(?\s*(?P<versions>{_VERSION}(?:\s*,\s*{_VERSION})*)?\s*,?\s*\)?)\s*(?P<marker>;.*)?"
)
_COMMENT = re.compile(r"\s+#.*$")


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            line = _COMMENT.sub("", line).strip()
            if line:
                yield line


def _packages(lines: Iterator[str], strip: str, python: str | None = None) -> dict[str, Any]:
    packages: dict[str, str] = {}
    for line in lines:
        match = _REQUIREMENT.fullmatch(line)
        if match is None:
            raise BadText(f"`{line[:80]}` is not a valid requirement (PEP 508)")
        if match["marker"] is not None:
            raise BadText(
                f"`{line[:80]}` has an environment marker, which is not supported", "remove the part after `;`"
            )
        versions = sorted(re.sub(r"\s", "", part) for part in (match["versions"] or "").split(",") if part.strip())
        version = ",".join(versions).lstrip(strip)
        name = match["name"]
        if match["extras"]:
            name += _extras(match["extras"])
        if match["url"]:
            name += f"@{match['url']}"
        if match["name"].lower() == "python":
            if python is not None and version:
                raise BadText(f"`{line[:80]}` gives a second version of Python", "keep one")
            python = version or None
        else:
            packages[name] = version
    return {"packages": packages, "python": python}


def _extras(text: str) -> str:
    return "[" + ",".join(sorted({part.strip() for part in text.split(",") if part.strip()})) + "]"


def _requirements(text: str) -> Any:
    return _packages((line for line in _lines(text) if line != "-e file:."), " =")


def _pyproject(text: str) -> Any:
    project = _toml(text).get("project", {})
    python, lines = project.get("requires-python"), project.get("dependencies", [])
    if (
        not isinstance(lines, list)
        or not all(isinstance(line, str) for line in lines)
        or not isinstance(python, (str, type(None)))
    ):
        raise BadText("in `[project]`, `dependencies` must be a list of texts, and `requires-python` must be text")
    return _packages((line.strip() for line in lines), "=", python.lstrip("=").strip() if python is not None else None)


def _conda(text: str) -> Any:
    packages: dict[str, str] = {}
    python: str | None = None
    inside = False
    for line in _lines(text):
        if line.lower().startswith("dependencies:"):
            inside = True
        elif not line.startswith("-"):
            inside = False
        elif inside:
            entry = line.lstrip("-").strip()
            match = re.fullmatch(r"([A-Za-z0-9_.-]+)(\s*[=<>!~].+)?", entry)
            if entry.endswith(":") or match is None:
                raise BadText(
                    f"`{entry[:80]}` is not a package with its version",
                    "write `name=version`; sections such as `pip:` are not read",
                )
            name, version = match[1], (match[2] or "").strip()
            version = version.lstrip("=").strip() if version.startswith("=") else version
            if name.lower() == "python":
                if python is not None and version:
                    raise BadText(f"`{entry[:80]}` gives a second version of Python", "keep one")
                python = version
            else:
                packages[name] = version
    return {"packages": packages, "python": python}

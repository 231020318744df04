"""The words by which uv is asked to resolve packages, and what it calls an index.

`flowc lock --upgrade` needs them before anything else (`ahead.py`), so this module imports nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT = ("--format", "pylock.toml")  # of what uv prints


def resolving(python: str, triple: str, options: Iterable[str]) -> list[str]:
    """Returns the arguments of uv that resolve the requirements on its standard input.

    `python` is such as "3.12", and `triple` is uv's name of the platform.
    """
    command = ["pip", "compile", "-", "-q", "-p", sys.executable, "--python-version", python]
    return [*command, "--python-platform", triple, "--no-header", "--no-annotate", *options]


def index_options(first: Sequence[str], last: str) -> list[str]:
    """Returns the options for indexes, each `[NAME=]URL`: the first that has a package wins, and `last` is the last."""
    options = ["--index-strategy", "first-index"]
    for option, value in (*(("--index", source) for source in first), ("--default-index", last)):
        options += [option, value]
    return options


def requirement(name: str, version: str) -> str:
    """Returns the package of a request as a requirement (PEP 508).

    >>> requirement("numpy", ">=2"), requirement("mine", "@ https://host/mine-1.0-py3-none-any.whl")
    ('numpy>=2', 'mine @ https://host/mine-1.0-py3-none-any.whl')
    """
    return f"{name} {version}" if version.startswith("@") else name + version


def url_of(index: str) -> str:
    """Returns the URL of an index in the form `[NAME=]URL`."""
    name, equals, url = index.partition("=")
    return url if equals and "/" not in name else index

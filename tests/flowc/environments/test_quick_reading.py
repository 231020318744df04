"""What uv prints is read as the parser of TOML reads it, or left to that parser."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from flowc.environments import quick_reading

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HASHES = 'hashes = { sha256 = "ab" }'
ONE = f"""lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.12"

[[packages]]
name = "apple"
version = "1.0"
index = "https://host/simple"
wheels = [{{ url = "https://host/a.whl", upload-time = 2026-01-01T00:00:00Z, size = 1025, {HASHES} }}]
"""
SEVERAL = f"""
[[packages]]
name = "banana"
version = "2"
sdist = {{ url = "https://host/b.tar.gz", {HASHES} }}
wheels = [
    {{ name = "b.whl", url = "https://host/b?c=1", upload-time = 2026-01-01T00:00:00.25Z, size = 7, {HASHES} }},
    {{ url = "https://host/c.whl", {HASHES} }},
]
"""
OTHER = {
    "two on a line": f'[[packages]]\nwheels = [{{ url = "a", {HASHES} }}, {{ url = "b", {HASHES} }}]\n',
    "an escape": '[[packages]]\nwheels = [{ url = "a\\u0041" }]\n',
    "a table of tables": '[[packages]]\n[[packages.wheels]]\nurl = "a"\n',
    "a literal string": "[[packages]]\nname = 'a'\n",
    "a truth": "[[packages]]\nvcs = { a = true }\n",
    "no end": '[[packages]]\nwheels = [\n    { url = "a" },\n',
}


def _plain(value: Any) -> Any:
    """Returns the parser's value with times as the texts they were."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (str, int)):
        return value
    return value.isoformat().replace("+00:00", "Z").replace("50000Z", "5Z")


@pytest.mark.parametrize("text", [ONE, SEVERAL, ONE + SEVERAL], ids=["one", "several", "both"])
def test_it_reads_what_the_parser_reads(text: str) -> None:
    data = quick_reading.read(text)
    assert data is not None
    del data["tool"]
    assert data == _plain(tomllib.loads(text))


@pytest.mark.parametrize("case", OTHER)
def test_other_forms_are_left_to_the_parser(case: str) -> None:
    assert quick_reading.read(OTHER[case]) is None

"""JSON without the library: invalid text is a ValueError, even before the library's own exceptions are imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from flowc.runtime_shim.fast_start import json_text
assert "json" not in sys.modules
try:
    json_text.loads(sys.argv[1])
except ValueError:
    sys.exit(3)
"""


@pytest.mark.parametrize("text", ["{", "[1", '"a', "nul", " ", '{"a"}', "1 2", "{'a': 1}"])
def test_what_is_no_json(text: str) -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM, text]).returncode == 3

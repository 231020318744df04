"""Every mistake of `tests/fixtures/compiler/diagnostics` gives exactly the diagnostics recorded beside it.

A case is a title, the source of a flow (the imports are put before it), and, after `>>>`, what is said, one line each. Regenerate with
`python -m tests.compiler.test_diagnostic_fixtures`, and review the difference.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from flowc.compiler.diagnostics import Refused, concise
from flowc.compiler.pipeline import load

FIXTURES = Path(__file__).parent.parent / "fixtures" / "compiler" / "diagnostics"
IMPORTS = "import metaflow\nfrom metaflow import FlowSpec, step, Parameter, JSONType, IncludeFile, retry, catch, timeout, environment, resources, schedule\nimport os\n"


def cases() -> list[tuple[str, str, str]]:
    found = []
    for file in sorted(FIXTURES.glob("*.txt")):
        for case in file.read_text().split("\n---\n"):
            source, _, expected = case.partition("\n>>>\n")
            title, _, source = source.partition("\n")
            found.append((f"{file.stem}: {title.removeprefix('# ')}", source.strip("\n") + "\n", expected.strip("\n")))
    return found


def said(source: str, folder: Path) -> str:
    (folder / "flow.py").write_text(IMPORTS + source)
    try:
        diagnostics = load(os.path.join(folder, "flow.py")).diagnostics
    except Refused as refused:
        diagnostics = refused.diagnostics
    for each in diagnostics:
        assert each.why and each.how, f"{each.code} says no reason or no remedy: {each.what}"
    shift = IMPORTS.count("\n")
    lines = [concise(each).split(" ", 1) for each in diagnostics]
    placed = [(place.split(":"), text) for place, text in lines]
    return "\n".join(f"{int(line) - shift}:{column} {text}" for (_, line, column, *_), text in placed) or "nothing"


@pytest.mark.parametrize(("title", "source", "expected"), cases(), ids=[case[0] for case in cases()])
def test_diagnostics(title: str, source: str, expected: str, tmp_path: Path) -> None:
    assert said(source, tmp_path) == expected


def regenerate(folder: Path) -> None:
    for file in sorted(FIXTURES.glob("*.txt")):
        parts = []
        for case in file.read_text().split("\n---\n"):
            source = case.partition("\n>>>\n")[0].rstrip("\n")
            parts.append(f"{source}\n>>>\n{said(source.partition(chr(10))[2].strip(chr(10)) + chr(10), folder)}".rstrip("\n"))
        file.write_text("\n---\n".join(parts) + "\n")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        regenerate(Path(name))
    sys.exit(0)

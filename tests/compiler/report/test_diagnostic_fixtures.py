"""Every mistake of `tests/fixtures/compiler/diagnostics` gives exactly the diagnostics recorded beside it.

A case is a title, the source of a flow (the imports are put before it), and, after `>>>`, what is said, one line each.
Where a line `$ OPTIONS` stands before the source, it is compiled with these options of `flowc check`; with `--target`, what
is said of the target is recorded too. A line `# N steps to NAME` stands for the steps `s1` to `sN`, and `sN` goes on to NAME.
Regenerate with `python -m tests.compiler.report.test_diagnostic_fixtures`, and review the difference.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import Refused, concise

from flowc.explanations import pages
from flowc.options import Option
from flowc.source_options import OPTIONS, compile_inputs
from flowc.targeting import OPTIONS as TARGETING
from flowc.targeting import compilations, parse, problems

FIXTURES = Path(__file__).parents[2] / "fixtures" / "compiler" / "diagnostics"
IMPORTS = "import metaflow\nfrom metaflow import FlowSpec, step, Parameter, JSONType, IncludeFile, retry, catch, timeout, environment, resources, schedule\nimport os\n"


CHAIN = re.compile(r"^    # (\d+) steps to (\w+)$", re.MULTILINE)


def cases() -> list[tuple[str, str, str]]:
    triples = []
    for file in sorted(FIXTURES.glob("*.txt")):
        for case in file.read_text().split("\n---\n"):
            source, _, expected = case.partition("\n>>>\n")
            title, _, source = source.partition("\n")
            triples.append(
                (f"{file.stem}: {title.removeprefix('# ')}", source.strip("\n") + "\n", expected.strip("\n"))
            )
    return triples


def said(source: str, folder: Path) -> str:
    options = ["--isolated"]
    if source.startswith("$ "):
        line, _, source = source.partition("\n")
        options += shlex.split(line[2:])
    severity = Option("--severity", "", "CODE=SEVERITY", repeated=True)
    arguments, emitters = parse(options, (*OPTIONS, *TARGETING, severity))
    severities = dict(setting.split("=") for setting in arguments.all("--severity"))
    (folder / "flow.py").write_text(IMPORTS + CHAIN.sub(chain, source))
    try:
        program = load(
            os.path.join(folder, "flow.py"),
            arguments.text("--flow"),
            arguments.all("--with"),
            severities,
            compile_inputs(arguments),
        )
        path = os.path.join(folder, "flow.py")
        compiled = compilations(program, emitters, arguments, "sha256:0", path)
        diagnostics = problems(program, path, compiled, arguments) if emitters else program.diagnostics
    except Refused as refused:
        diagnostics = refused.diagnostics
    for diagnostic in diagnostics:
        assert diagnostic.why and diagnostic.how, f"{diagnostic.code} says no reason or no remedy: {diagnostic.what}"
    shift = IMPORTS.count("\n")
    lines = [concise(diagnostic).split(" ", 1) for diagnostic in diagnostics]
    return "\n".join(_placed(place, text, shift) for place, text in lines).replace(str(folder), "FOLDER") or "nothing"


def chain(match: re.Match[str]) -> str:
    names = [f"s{number}" for number in range(1, int(match[1]) + 1)]
    pairs = zip(names, [*names[1:], match[2]], strict=True)
    return "\n".join(f"    @step\n    def {name}(self):\n        self.next(self.{after})" for name, after in pairs)


def _placed(place: str, text: str, shift: int) -> str:
    """Returns the diagnostic's line without the file, with its number as in the case.

    One about an option has no place.
    """
    if place.startswith("FLOW"):
        return f"{place} {text}"
    _, line, column, *_ = place.split(":")
    return f"{int(line) - shift}:{column} {text}"


# Codes that no flow with options alone can give, and what gives them.
ELSEWHERE = {
    "FLOW123": "product/test_plugins.py",  # of plug-ins
    "FLOW137": "compiler/read/test_configs.py", "FLOW157": "compiler/package/test_dynamic_imports.py",  # they need more files
    "FLOW312": "compiler/read/test_include_files.py", "FLOW314": "compiler/read/test_include_files.py",
    "FLOW154": "flowc/test_local_check.py", "FLOW155": "flowc/test_local_check.py",  # of what this machine has
    **dict.fromkeys(("FLOW160", "FLOW161", "FLOW162", "FLOW163"), "flowc/environments/test_lock.py"),  # of the lock beside the flow
    "FLOW164": "flowc/environments/test_delivery.py",
    "FLOW167": "flowc/images/test_image_compile.py",
    "FLOW306": "flowc/test_run_parameters.py", "FLOW310": "flowc/test_run_parameters.py",  # said by targets
}  # fmt: skip


def test_every_code_of_a_flow_has_a_case() -> None:
    """Codes 100 to 499 are about a flow.

    The others have an example on their page (tests/flowc/test_explanations.py).
    """
    recorded = {
        code for _, _, expected in cases() for code in re.findall(r"^(?:\d+:\d+ )?(FLOW\d{3}) ", expected, re.MULTILINE)
    }
    codes = {page.code for page in pages() if "FLOW100" <= page.code < "FLOW500"}
    assert sorted(codes - recorded - set(ELSEWHERE)) == []
    assert not recorded & set(ELSEWHERE)
    for code, file in ELSEWHERE.items():
        assert code in (Path(__file__).parents[2] / file).read_text(), f"{file} has nothing of {code}"


@pytest.mark.parametrize(("title", "source", "expected"), cases(), ids=[case[0] for case in cases()])
def test_diagnostics(title: str, source: str, expected: str, tmp_path: Path) -> None:
    assert said(source, tmp_path) == expected


def regenerate(folder: Path) -> None:
    for file in sorted(FIXTURES.glob("*.txt")):
        parts = []
        for case in file.read_text().split("\n---\n"):
            source = case.partition("\n>>>\n")[0].rstrip("\n")
            parts.append(
                f"{source}\n>>>\n{said(source.partition(chr(10))[2].strip(chr(10)) + chr(10), folder)}".rstrip("\n")
            )
        file.write_text("\n---\n".join(parts) + "\n")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        regenerate(Path(name))
    sys.exit(0)

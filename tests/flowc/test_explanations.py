"""Every code has one page. Its first example gives exactly that code, the second none. They become pages of `docs/`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from flowc.compiler.fast_start.record import replace
from flowc.targets.target import emitter

from flowc.cli import main
from flowc.explanations import Page, pages, parse
from tests.support.building import options_of, program_of
from tests.support.diagnostic_pages import ROOT, documents

PAGES = pages()
WITH_EXAMPLE = [page for page in PAGES if page.example]
ARGO, STATES, AIRFLOW = (
    f"$ flowc check flow.py --store s3://bucket/flows --target {target}\n"
    for target in ("argo", "step-functions", "airflow")
)
BIG = "@environment(vars={'A': '" + "x" * 2000 + "'})\n"


def chain(length: int, above: str = "") -> str:
    """Steps in a row, each with the line `above`."""
    names = ["start", *(f"s{at}" for at in range(1, length)), "end"]
    return "".join(
        f"{above}@step\ndef {name}(self):\n    self.next(self.{after})\n" for name, after in zip(names, names[1:])
    )


START = "@step\ndef start(self):\n    self.next(self.end)\n"
LONG = {  # examples that are no reading matter
    "FLOW003": f"x = {'(' * 300}1{')' * 300}\n{START}",
    "FLOW518": ARGO + chain(600, BIG),
    "FLOW551": ARGO + chain(201),
    "FLOW556": ARGO + chain(180, BIG),
    "FLOW524": STATES + chain(3000),
    "FLOW529": f"{STATES}@environment(vars={{'A': 'x' * 50000}})\n{START}",
    "FLOW603": f"import {'m' * 120}\n{START}",
}
# other checks are stricter; only an IR that another front end wrote can be so
UNREACHABLE = {"FLOW513", "FLOW526", "FLOW533"}
# need more files than an example has: test_configs.py, test_dynamic_imports.py, test_plugins.py, test_profile.py, …
UNREACHABLE |= {"FLOW123", "FLOW137", "FLOW157", "FLOW312", "FLOW314", "FLOW621", "FLOW622"}
OF_A_RUN = {"FLOW154", "FLOW155"}  # said by `flowc run` (test_local_check.py), of what this machine has
# of the lock beside a flow, and of `flowc lock` (environments/test_lock.py)
OF_A_RUN |= {"FLOW160", "FLOW161", "FLOW162", "FLOW163", "FLOW164", "FLOW167"}
# said by `flowc compile` (test_stale_files.py), of what an output folder holds
OF_A_FOLDER = {"FLOW610", "FLOW611", "FLOW612", "FLOW613"}
IMPORTS = (
    "import os\nfrom metaflow import *\nfrom metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step\nfrom metaflow import "
    + ("batch, card, catch, environment, kubernetes, parallel, resources, retry, schedule, timeout\n")
)


ASKED_FOR = {"FLOW430"}  # said only where the settings give them a severity


def test_every_code_has_one_page() -> None:
    sources = [
        path.read_text()
        for folder in ("compiler", "targets", "flowc", "runtime_shim")
        for path in (ROOT / folder).rglob("*.py")
    ]
    reported = {code for text in sources for code in re.findall(r'"(FLOW\d{3})"', text)}
    codes = [page.code for page in PAGES]
    assert sorted(reported) == codes, sorted(reported ^ set(codes))


def test_every_page_has_examples() -> None:
    assert {page.code for page in PAGES if not page.example} <= {
        *LONG,
        *UNREACHABLE,
        *OF_A_RUN,
        *OF_A_FOLDER,
        "FLOW550",
    }


def flow_of(example: str) -> tuple[list[str], str]:
    """The command line of an example, and the flow's source ("" for none)."""
    command = ["check", "flow.py"]
    if example.startswith("$ "):
        line, _, example = example.partition("\n")
        command = shlex.split(line.removeprefix("$ flowc "))
    if not example.strip() or example.startswith("{"):
        return command, example
    if not re.search(r"^class ", example, re.MULTILINE):
        end = "" if re.search(r"^ *def end\(", example, re.MULTILINE) else "\n@step\ndef end(self):\n    pass\n"
        example = "class MyFlow(FlowSpec):\n" + "".join(
            f"    {line}".rstrip(" ") for line in (example + end).splitlines(keepends=True)
        )
    return command, example if "from metaflow import" in example else IMPORTS + example


def said_by(
    example: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> list[tuple[str, str]]:
    """(code, line) of each diagnostic."""
    if example.startswith("# pyproject.toml\n"):
        settings, _, example = example.partition("\n\n$ ")
        (folder / "pyproject.toml").write_text(settings)
        example = f"$ {example}" if example else START
    command, source = flow_of(example)
    if source:
        (folder / command[1]).write_text(source)
    monkeypatch.chdir(folder)
    assert main([*command, "--format", "concise"]) in (0, 1)
    errors = capfd.readouterr().err
    return re.findall(r"^(?:\S+:\d+:\d+ )?(FLOW\d{3}) (.*)$", errors, re.MULTILINE)


@pytest.mark.parametrize("page", WITH_EXAMPLE, ids=[page.code for page in WITH_EXAMPLE])
def test_examples(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if page.code in ASKED_FOR:
        assert said_by(page.example, tmp_path, monkeypatch, capfd) == []
        (tmp_path / "pyproject.toml").write_text(f"[tool.flowc]\nseverity = {{ {page.code} = 'hint' }}\n")
    reported = said_by(page.example, tmp_path, monkeypatch, capfd)
    assert {code for code, _ in reported} == {page.code}, reported
    assert said_by(page.instead, tmp_path, monkeypatch, capfd) == []


@pytest.mark.slow
@pytest.mark.parametrize("code", LONG)
def test_long_examples(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"{'m' * 120}.py").write_text("")
    assert {reported for reported, _ in said_by(LONG[code], tmp_path, monkeypatch, capfd)} == {code}


@pytest.mark.parametrize(
    ("code", "target"), [("FLOW513", "argo"), ("FLOW526", "step-functions"), ("FLOW533", "airflow")]
)
def test_what_only_an_ir_can_say(code: str, target: str, tmp_path: Path) -> None:
    flow = program_of(flow_of(f"@retry(times=1)\n{START}\nx = Parameter('x')\n")[1], tmp_path).flow
    retry = replace(flow.steps[0].decorators[0], attributes={"times": 20, "minutes_between_retries": 2})
    parameter = replace(flow.parameters[0], name="ü" * 300)
    strange = replace(
        flow, steps=(replace(flow.steps[0], decorators=(retry,)), *flow.steps[1:]), parameters=(parameter,)
    )
    assert code in {diagnostic.code for diagnostic in emitter(target).check(strange, options_of(target))}
    assert not list(emitter(target).check(flow, options_of(target)))


def test_documents_are_current() -> None:
    """`make golden` writes them."""
    current = {
        path: path.read_text() for path in [ROOT / "docs/diagnostics.md", *(ROOT / "docs/diagnostics").iterdir()]
    }
    assert current == documents()


@pytest.mark.parametrize(
    "text", ["FLOW999: no full stop\n\nWhy.", "FLOW999: no text.", "FLOW999: half.\n\nWhy.\n\nExample:\n\n    x\n"]
)
def test_an_unfinished_page_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="FLOW999"):
        parse(text)
    assert parse("Not a page.") is None


def test_explain_prints_a_page(capfd: pytest.CaptureFixture[str]) -> None:
    for word in ("FLOW210", "flow210", "210"):
        assert main(["explain", word]) == 0
        out = capfd.readouterr().out
        assert out.startswith("FLOW210: ") and 'foreach="itmes"' in out and "Use instead:" in out
        assert max(map(len, out.splitlines())) <= 110


def test_explain_lists_every_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    out = capfd.readouterr().out
    assert all(f"{page.code}  {page.title}" in out for page in PAGES)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("FLOW299", "flowc explain"),
        ("FLOW219", "similar codes: FLOW215"),
        ("FLOW21O", "FLOW210"),
        ("foreach", "FLOW213"),
        ("zzz", "flowc explain"),
    ],
)
def test_explain_lists_what_is_near(word: str, hint: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 2
    assert hint in capfd.readouterr().err

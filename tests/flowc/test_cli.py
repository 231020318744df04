"""The command line in its own process: exit codes, output, and files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.golden.regenerate import FLOWS, ROOT
from tests.support.running import flowc

HELLO = ROOT / "examples" / "hello.py"
BROKEN = """from metaflow import FlowSpec, step, retry

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.midle)

    @step
    def middle(self):
        self.next(self.end)

    @retry(tims=3)
    @step
    def end(self):
        pass
"""


TWO = "".join(HELLO.read_text().partition("if __name__")[0].replace("Hello(", f"{name}(") for name in "AB")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "flow.py"
    path.write_text(BROKEN)
    return path


def test_help_and_version() -> None:
    assert "usage: flowc COMMAND" in flowc("--help", check=True).stdout
    assert flowc("--version", check=True).stdout.startswith("flowc 0.")
    for command in ("compile", "check", "explain", "show", "run", "dump", "validate", "help"):
        text = flowc(command, "--help", check=True).stdout
        assert f"flowc {command}" in text and max(map(len, text.splitlines())) <= 100
        assert flowc("help", command, check=True).stdout == text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"], ["nonsense"], ["compile"], ["compile", "x.py"], ["compile", "x.py", "--target", "argos"], ["compile", "x.py", "-t", "argo", "--img", "x"],
        ["run", "hello.py", "--max-workers", "many"], ["dump"], ["validate"], ["compile", "x.py", "-t", "argo,airflow", "-o", "-"], ["check"], ["check", "a.py", "b.py", "--flow", "A"], ["check", "a.py", "--format", "xml"], ["compile", "a.py", "-t", "argo", "-o", "-", "--format", "json"], ["compile", "a.py", "-t", "argo", "-o", "-", "--replaces", "b"],
        ["compile", "x.py", "-t", "argo", "--runtime", "magic"], ["compile", "x.py", "-t", "argo", "--job-queue", "q"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    done = flowc(*arguments, cwd=ROOT / "examples")
    assert done.returncode == 2, done.stderr
    assert "error" in done.stderr and not done.stdout and "Traceback" not in done.stderr


def test_every_mistake_at_once(broken: Path) -> None:
    done = flowc("check", "flow.py", cwd=broken.parent)
    assert done.returncode == 1
    for text in (
        "flow.py:6:",
        "self.next(self.midle)",
        "^",
        "did you mean `middle`",
        "tims",
        "= why:",
        "= help:",
        "errors; for details, run `flowc explain FLOW206`",
    ):
        assert text in done.stderr
    assert flowc("compile", "flow.py", "-t", "argo", "-o", "-", cwd=broken.parent).stderr == done.stderr
    assert flowc("run", "flow.py", cwd=broken.parent).returncode == 1
    assert not list(broken.parent.glob("build")) and not list(broken.parent.glob(".flowc"))


def test_colour_only_where_it_can_be_seen(broken: Path) -> None:
    assert "\x1b[" not in flowc("check", str(broken)).stderr
    assert "\x1b[" in flowc("check", str(broken), env={"FORCE_COLOR": "1"}).stderr
    assert "\x1b[" not in flowc("check", str(broken), env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00not text", "text"), (b"x = 1\n", "no flow"), (b"def f(:\n  pass\n\nclass (:\n", "syntax"), (b"", "no flow"), (None, "does not exist"),
        (TWO.encode(), "several"),
    ],
    ids=["binary", "no flow", "syntax", "empty", "missing", "two flows"],
)  # fmt: skip
def test_what_is_no_flow(content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "flow.py").write_bytes(content)
    done = flowc("compile", "flow.py", "-t", "argo", cwd=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert message in done.stderr.lower(), done.stderr


def test_compile_writes_and_checks(tmp_path: Path) -> None:
    arguments = [
        "compile",
        str(HELLO),
        "--target",
        "argo,step-functions",
        "--target",
        "airflow",
        "--store",
        "s3://b/p",
        "-o",
        str(tmp_path),
    ]
    first = flowc(*arguments, check=True)
    written = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) == 9 and all(name.split("/")[-1] in first.stdout for name in written)
    assert "unchanged" in flowc(*arguments, check=True).stdout
    flowc(*arguments, "--check", check=True)
    (tmp_path / "argo" / "hello.argo.yaml").write_text("x")
    changed = flowc(*arguments, "--check")
    assert changed.returncode == 1 and "differs" in changed.stdout
    flowc(*arguments, check=True)
    assert written == {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    }


def test_standard_output_holds_the_spec_alone(tmp_path: Path) -> None:
    done = flowc(
        "compile", str(FLOWS["decorated"]), "-t", "argo", "-o", "-", "--store", "s3://b", cwd=tmp_path, check=True
    )
    assert done.stdout.startswith("apiVersion") and "\n---\napiVersion" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_target_that_refuses_is_1_and_nothing_is_written(tmp_path: Path) -> None:
    done = flowc(
        "compile",
        str(FLOWS["gang"]),
        "-t",
        "argo,airflow",
        "--store",
        "s3://b",
        "-o",
        str(tmp_path / "out"),
    )
    assert done.returncode == 1 and "FLOW502" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_ir_goes_out_and_in(tmp_path: Path) -> None:
    shown = flowc("show", str(HELLO), "--json", check=True).stdout
    jsonschema.validate(json.loads(shown), json.loads((ROOT / "compiler" / "schema" / "ir.v1.json").read_text()))
    (tmp_path / "flow.json").write_text(shown)
    (tmp_path / "hello.py").write_text(HELLO.read_text())
    for target in ("argo", "airflow", "step-functions"):
        texts = {
            flowc("compile", str(path), "-t", target, "-o", "-", "--store", "s3://b", check=True).stdout
            for path in (HELLO, tmp_path / "flow.json")
        }
        assert len(texts) == 1


def test_show(tmp_path: Path) -> None:
    text = flowc("show", str(FLOWS["wine"]), check=True).stdout
    assert "by verdict" in text and "@retry" in text and "--good-enough" in text


def test_validate(tmp_path: Path) -> None:
    flowc(
        "compile", str(HELLO), "-t", "argo,step-functions,airflow", "--store", "s3://b", "-o", str(tmp_path), check=True
    )
    assert flowc("validate", str(tmp_path), check=True).stdout.count("fine") == 5
    spec = tmp_path / "argo" / "hello.argo.yaml"
    spec.write_text(spec.read_text().replace("entrypoint: flow", "entrypoint: flaw"))
    done = flowc("validate", str(tmp_path))
    assert done.returncode == 1 and "spec.entrypoint" in done.stderr
    (tmp_path / "notes.txt").write_text("hello")
    assert flowc("validate", str(tmp_path / "notes.txt")).returncode == 1


def test_parameters_are_options(tmp_path: Path) -> None:
    flow, store = str(FLOWS["parameters"]), ["--store", str(tmp_path)]
    assert "--learning-rate" in flowc("run", flow, "--help", check=True).stdout
    for arguments in (
        ["--learning-rate", "fast"],
        ["--number", "1.5"],
        ["--table", "{"],
        ["--verbose", "perhaps"],
        ["--nothing", "1"],
        ["-p", "nothing=1"],
    ):
        done = flowc("run", flow, *arguments, *store)
        assert (
            done.returncode in (1, 2)
            and "Traceback" not in done.stderr
            and arguments[0].lstrip("-").split("=")[0] in done.stderr + "p"
        ), done.stderr
    flowc("run", flow, "-p", "number=4", "--run-id", "r", *store, check=True)
    assert "'repr': '4'" in str(
        json.loads(flowc("dump", "r/end", "--json", *store, check=True).stdout)["end"][0]["artifacts"]["number"]
    )


def test_dump(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path)]
    flowc("run", str(FLOWS["foreach"]), "--run-id", "r", *store, check=True)
    assert set(json.loads(flowc("dump", "r", "--json", *store, check=True).stdout)) == {
        "start",
        "double",
        "join",
        "end",
    }
    assert [
        task["path"] for task in json.loads(flowc("dump", "r/double", "--json", *store, check=True).stdout)["double"]
    ] == ["0", "1", "2"]
    assert "'bb'" in flowc("dump", "r/double/1", *store, check=True).stdout
    for wrong in ("q", "r/nothing", "r/double/7"):
        done = flowc("dump", wrong, *store)
        assert done.returncode == 1 and "Traceback" not in done.stderr and done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m flowc show {FLOWS['wine']} --json | head -c 1", shell=True, capture_output=True, text=True
    )
    assert done.stdout == "{" and not done.stderr


def test_paths_are_shown_as_they_were_typed(broken: Path) -> None:
    assert "--> flow.py:6" in flowc("check", "flow.py", cwd=broken.parent).stderr
    assert f"--> {broken}:6" in flowc("check", str(broken)).stderr
    runnable = BROKEN.replace("tims", "times") + "\n\nif __name__ == '__main__':\n    F()\n"
    broken.write_text(runnable)
    started = subprocess.run([sys.executable, "flow.py", "check"], cwd=broken.parent, capture_output=True, text=True)
    assert started.returncode == 1 and "--> flow.py:6" in started.stderr, started.stderr

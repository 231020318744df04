"""`flowc check`: files and folders, formats, comments and settings that change the diagnostics, watching."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.support.diagnostic_pages import ROOT
from tests.support.running import LIMIT, flowc, until

FLOW = """from metaflow import FlowSpec, Parameter, step


class {name}(FlowSpec):
    sizes = Parameter("sizes", default=[1, 2])

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FINE = FLOW.replace("default=[1, 2]", "default=1")


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    two = FINE.format(name="B") + FINE.format(name="C").partition("\n\n\n")[2].replace("end", "ent", 1)
    write(
        tmp_path,
        flows__a=FLOW.format(name="A"),
        flows__deep__two=two,
        flows__helper="x = 1\n",
        flows__step="def step(:\n",
    )
    return write(tmp_path, flows__build__made="class F(FlowSpec): pass\n", other="y = 2\n")


def test_a_folder_is_every_flow_in_it(project: Path) -> None:
    done = flowc("check", "flows", "--format", "concise", cwd=project)
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stderr.splitlines()[:-1]] == [
        ["flows/a.py:5:5", "FLOW307"], ["flows/deep/two.py:19:9", "FLOW206"], ["flows/step.py:1:10", "FLOW002"],
    ]  # fmt: skip
    assert done.stdout.splitlines() == [
        "flows/a.py: 1 warning (A, 2 steps)",
        "flows/deep/two.py: no problems (B, 2 steps)",
    ]


def test_files_without_a_flow_are_passed_over_only_when_asked(project: Path) -> None:
    files = ("other.py", "flows/helper.py", "flows/a.py")
    assert "FLOW101" in flowc("check", *files, cwd=project).stderr
    done = flowc("check", "--only-flows", *files, cwd=project)
    assert done.returncode == 0 and "FLOW307" in done.stderr and "FLOW101" not in done.stderr
    assert flowc("check", "--only-flows", "other.py", cwd=project).stdout == "no flows\n"


def test_programs_get_one_document_on_standard_output(project: Path) -> None:
    document = json.loads(flowc("check", "flows", "--format", "json", cwd=project).stdout)
    assert (document["errors"], document["warnings"]) == (2, 1) and document["diagnostics"][0]["file"] == "flows/a.py"
    clean = flowc("check", "flows/helper.py", "--only-flows", "--format=json", cwd=project)
    assert json.loads(clean.stdout)["diagnostics"] == [] and not clean.stderr
    log = json.loads(flowc("check", "flows", "--format", "sarif", cwd=project).stdout)
    jsonschema.Draft4Validator(
        json.loads((ROOT / "tests/fixtures/sarif/sarif-schema-2.1.0.json").read_text())
    ).validate(log)
    annotations = flowc("check", "flows", "--format", "github", cwd=project)
    assert annotations.stdout.count("::error ") == 2 and annotations.returncode == 1 and not annotations.stderr
    refused = flowc("compile", "flows/step.py", "-t", "argo", "--format", "json", cwd=project)
    assert refused.returncode == 1 and json.loads(refused.stdout)["errors"] == 1 and not refused.stderr
    compiled = flowc("compile", "flows/a.py", "-t", "argo", "--store", "s3://b/p", "--format", "json", cwd=project)
    assert (
        compiled.returncode == 0 and json.loads(compiled.stdout)["warnings"] == 1 and (project / "build/argo").exists()
    )


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# flowc: ignore[FLOW307]", []), ("# flowc: ignore", []), ("# noqa  # flowc: ignore[FLOW120, FLOW307]", ["FLOW005"]), ("#flowc:ignore[ FLOW307 ]", []),
        ("# flowc: ignore[FLOW308]", ["FLOW307", "FLOW005"]), ("# flowc: ignroe", ["FLOW307", "FLOW005"]), ("# flowc: ignore[FLOW307", ["FLOW307", "FLOW005"]),
        ("# flowc: ignore[flow307]", ["FLOW307", "FLOW005"]), ("# see flowc: ignore", ["FLOW307"]), ("# flowc: ignore[]", ["FLOW307"]),
    ],
)  # fmt: skip
def test_ignore_comments(comment: str, codes: list[str], tmp_path: Path) -> None:
    write(tmp_path, flow=FLOW.format(name="A").replace("default=[1, 2])", f"default=[1, 2])  {comment}"))
    done = flowc("check", "flow.py", "--format", "json", cwd=tmp_path)
    assert [
        diagnostic["code"] for diagnostic in json.loads(done.stdout)["diagnostics"]
    ] == codes and done.returncode == 0


def test_validate_for_programs(tmp_path: Path) -> None:
    write(tmp_path, flow=FINE.format(name="A"))
    flowc("compile", "flow.py", "-t", "argo", "--store", "s3://b/p", cwd=tmp_path, check=True)
    assert (
        json.loads(flowc("validate", "build", "--format", "json", cwd=tmp_path, check=True).stdout)["diagnostics"] == []
    )
    (spec,) = (tmp_path / "build/argo").iterdir()
    spec.write_text(spec.read_text().replace("depends: start", "depends: strat"))
    done = flowc("validate", "build", "--format", "github", cwd=tmp_path)
    assert (
        done.returncode == 1
        and done.stdout.startswith("::error file=build/argo/")
        and "FLOW550" in done.stdout
        and not done.stderr
    )


def test_a_comment_on_the_first_line_of_a_statement(tmp_path: Path) -> None:
    text = FLOW.format(name="A").replace(
        'Parameter("sizes", default=[1, 2])',
        'Parameter(  # flowc: ignore[FLOW307]\n        "sizes",\n        default=[1, 2],\n    )',
    )
    write(tmp_path, flow=text)
    assert not flowc("check", "flow.py", cwd=tmp_path, check=True).stderr
    retry = FINE.format(name="A").replace(
        "    @step",
        "    @retry(  # flowc: ignore[FLOW527]\n        times=1,\n        minutes_between_retries=9,\n    )\n    @step",
        1,
    )
    write(tmp_path, flow=retry.replace("import ", "import retry, ", 1))
    assert (
        "FLOW527"
        not in flowc("check", "flow.py", "-t", "step-functions", "--store", "s3://b/p", cwd=tmp_path, check=True).stderr
    )


def test_an_error_is_ignored_only_where_a_run_may_work(tmp_path: Path) -> None:
    text = FINE.format(name="A")
    write(tmp_path, flow=text.replace("self.next(self.end)", "self.next(self.ent)  # flowc: ignore[FLOW206]"))
    assert "FLOW206" in flowc("check", "flow.py", cwd=tmp_path).stderr
    loop = text.replace(
        "self.next(self.end)", "self.next({1: self.end, 2: self.end}, condition='which')  # flowc: ignore{}"
    )
    for comment, code in (("[FLOW210]", 0), ("", 1)):
        write(tmp_path, flow=loop.replace("{}", comment))
        assert flowc("check", "flow.py", cwd=tmp_path).returncode == code


def test_a_text_that_looks_like_a_comment_is_none(tmp_path: Path) -> None:
    write(tmp_path, flow=FINE.format(name="A").replace("pass", 'print("# flowc: ignore[FLOW307]")'))
    assert not flowc("check", "flow.py", cwd=tmp_path, check=True).stderr


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)


def test_settings_give_what_the_command_line_leaves_open(tmp_path: Path) -> None:
    write(tmp_path, flows__a=FINE.format(name="A"))
    settings(
        tmp_path,
        '[tool.flowc]\ntarget = "argo"\nstore = "s3://of/settings"\noutput = "specs"\n[tool.flowc.argo]\nservice-account = "robot"\n',
    )
    done = flowc("compile", "flows/a.py", cwd=tmp_path, check=True)
    (spec,) = (tmp_path / "specs/argo").iterdir()
    assert "s3://of/settings" in spec.read_text() and "robot" in spec.read_text() and not done.stderr
    on_command_line = flowc(
        "compile", "a.py", "--store", "s3://given/here", "-o", "-", cwd=tmp_path / "flows", check=True
    ).stdout
    assert "s3://given/here" in on_command_line and "s3://of/settings" not in on_command_line
    assert "`--target` is missing" in flowc("compile", "flows/a.py", "--isolated", cwd=tmp_path).stderr
    assert "(A, 2 steps, for argo)" in flowc("check", "flows", cwd=tmp_path, check=True).stdout
    assert "for airflow)" in flowc("check", "flows", "-t", "airflow", cwd=tmp_path, check=True).stdout


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("", "warning"), ('ignore = ["FLOW307"]', None), ('severity = {FLOW307 = "error"}', "error"), ('severity = {FLOW307 = "hint"}', "hint"),
        ('severity = {FLOW307 = "ignore"}', None),
    ],
)  # fmt: skip
def test_settings_say_how_serious_a_code_is(text: str, severity: str | None, tmp_path: Path) -> None:
    write(tmp_path, flow=FLOW.format(name="A"))
    settings(tmp_path, f"[tool.flowc]\n{text}\n")
    done = flowc("check", "flow.py", "--format", "json", cwd=tmp_path)
    assert [diagnostic["severity"] for diagnostic in json.loads(done.stdout)["diagnostics"]] == (
        [severity] if severity else []
    )
    assert done.returncode == (severity == "error") == flowc("run", "flow.py", cwd=tmp_path).returncode
    isolated = json.loads(flowc("check", "flow.py", "--isolated", "--format", "json", cwd=tmp_path).stdout)
    assert isolated["warnings"] == 1


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ('stroe = "x"', "did you mean `store`?", 2), ("ignore = [", "is not valid TOML", 3), ('target = "argos"', "did you mean `argo`?", 2), ("store = 3", "is not text", 2),
        ('ignore = "FLOW307"', "is not a list", 2), ('ignore = ["FLOW3O7"]', "did you mean `FLOW3", 2), ('ignore = ["FLOW206"]', "cannot be compiled", 2),
        ('severity = {FLOW307 = "fatal"}', "unknown severity", 2), ('[tool.flowc.argo]\nservice-acount = "x"', "did you mean `service-account`?", 3),
        ('argo = "x"', "is not a table", 2),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_understood(text: str, message: str, line: int, tmp_path: Path) -> None:
    write(tmp_path, flow=FINE.format(name="A"))
    settings(tmp_path, f"[tool.flowc]\n{text}\n")
    for command in (["check"], ["compile", "-t", "argo"], ["run"]):
        done = flowc(command[0], "flow.py", *command[1:], cwd=tmp_path)
        assert (
            done.returncode == 1
            and f"pyproject.toml:{line}:" in done.stderr
            and "FLOW604" in done.stderr
            and message in done.stderr
        ), done.stderr


def test_settings_are_looked_for_no_further_than_the_repository(tmp_path: Path) -> None:
    settings(tmp_path, '[tool.flowc]\nignore = ["FLOW307"]\n')
    write(tmp_path, repository__flows__a=FLOW.format(name="A"))
    settings(tmp_path / "repository/flows", "[tool.other]\nflowc = 1\n")
    assert not flowc("check", "repository", cwd=tmp_path, check=True).stderr
    (tmp_path / "repository/.git").mkdir()
    assert "FLOW307" in flowc("check", "repository", cwd=tmp_path, check=True).stderr


def test_a_toml_parser_is_imported_only_for_settings(tmp_path: Path) -> None:
    write(tmp_path, flow=FINE.format(name="A"))
    program = "import sys; from flowc.cli import main; main(['check', 'flow.py']); print('tomllib' in sys.modules or 'tomli' in sys.modules)"
    for text, loaded in (("[tool.black]\n", False), ("[tool.flowc]\n", True)):
        settings(tmp_path, text)
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == str(loaded)


@pytest.mark.slow
def test_watch(tmp_path: Path) -> None:
    write(tmp_path, flow=FINE.format(name="A"))
    output = tmp_path / "output"
    with output.open("w") as file:
        watching = subprocess.Popen(
            [sys.executable, "-m", "flowc", "check", "--watch", "flow.py"],
            cwd=tmp_path,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NO_COLOR": "1"},
        )
        try:
            for text, message in (
                ("", "no problems"),
                (FLOW, "FLOW307"),
                (FLOW.replace("def end", "def ent"), "FLOW202"),
                (FINE, "no problems"),
            ):
                if text:
                    write(tmp_path, flow=text.format(name="A"))
                until(lambda expected=message: expected in output.read_text(), message)  # type: ignore[misc]
                output.write_text("")
            watching.send_signal(signal.SIGINT)
            assert watching.wait(LIMIT) == 130
        finally:
            watching.kill()
    assert "Traceback" not in output.read_text() and "\x1b" not in output.read_text()

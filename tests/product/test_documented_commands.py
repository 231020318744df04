"""The documented commands work: flowc's are run, and those of other tools name existing files and operations."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flowc.targets.target import deployer, names

from tests.golden.regenerate import ROOT
from tests.support.building import options_of
from tests.support.running import flowc

FLOW = """from metaflow import FlowSpec, Parameter, schedule, step

@schedule(daily=True)
class Hello(FlowSpec):
    alpha = Parameter("alpha", default=0.1)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
REMOVED = FLOW.replace("@schedule(daily=True)\n", "")


def commands(page: str) -> list[str]:
    """Returns the commands of the page, its indented lines, without `$` and comments."""
    lines = re.findall(r"^    (?:\$ )?([a-zA-Z]\S* .*)$", (ROOT / page).read_text(), re.MULTILINE)
    return [line.split("  #")[0].strip() for line in lines]


def of_flowc(page: str) -> list[list[str]]:
    return [shlex.split(command.split(" >")[0])[1:] for command in commands(page) if command.startswith("flowc ")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("flow.py", "hello.py", "flows/a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(FLOW)
    return tmp_path


@pytest.mark.parametrize("target", names())
def test_a_target_page(target: str, project: Path) -> None:
    """The page's one command of flowc writes all files that its other commands use."""
    page = f"docs/targets/{target}.md"
    (compiling,) = of_flowc(page)
    assert compiling[0] == "compile" and compiling[compiling.index("-t") + 1] == target
    done = flowc(*compiling, cwd=project, check=True)
    name = deployed_name(target, project)
    (package,) = (project / "build/code").iterdir()
    taken = {
        path
        for command in commands(page)
        for path in re.findall(r"build/[\w./*-]+", command)
        if not command.startswith("flowc ")
    }
    assert len(taken) > 1
    for path in taken:
        path = path.replace("NAME", name).replace("DIGEST.tar.gz", package.name)
        assert (project / path).is_file(), path
    (upload,) = (command for command in commands(page) if command.startswith("aws s3 cp build/code"))
    assert f"{upload.split()[-1].replace('FLOW', 'Hello')}{package.name}" in done.stdout


def deployed_name(target: str, project: Path) -> str:
    from flowc.compiler.pipeline import load

    return deployer(target).deployment(load(str(project / "flow.py")).flow, options_of(target)).name


@pytest.mark.parametrize("target", names())
def test_what_compile_says_of_a_removed_object_is_on_the_page(target: str, project: Path) -> None:
    """The commands of the warning are those of the section `Removing`."""
    (compiling,) = of_flowc(f"docs/targets/{target}.md")
    old = deployed_name(target, project)
    flowc(*compiling, cwd=project, check=True)
    (project / "flow.py").write_text(REMOVED)
    first = flowc(*compiling, cwd=project, check=True).stderr
    second = flowc(*compiling, "--name", "new", "--replaces", old, cwd=project, check=True).stderr
    section = (ROOT / f"docs/targets/{target}.md").read_text().partition("## Removing\n")[2].partition("\n## ")[0]
    deletions = re.findall(r"`((?:kubectl|aws|airflow) [^`]*delete[^`]*)`", first + second)
    assert len(deletions) == (1 if target == "airflow" else 2)
    for command in deletions:
        words = [
            word
            for word in command.replace(old, "NAME").split()
            if word not in ("-n", "ml") and not word.startswith("…")
        ]
        assert all(word in section for word in words), command


def test_the_pages_of_the_command_line_and_the_readme(project: Path) -> None:
    for page in ("README.md", "docs/cli.md"):
        examples = [words for words in of_flowc(page) if words[0] in ("compile", "validate", "check", "show")]
        assert len(examples) >= 3
        for words in examples:
            if "--check" in words:
                flowc(*(word for word in words if word != "--check"), cwd=project, check=True)
            flowc(*words, cwd=project, check=True)


def test_the_output_folder_is_as_documented(project: Path) -> None:
    section = (ROOT / "docs/cli.md").read_text().partition("## The output folder\n")[2].partition("\n## ")[0]
    flowc("compile", "hello.py", "-t", "argo", "--store", "s3://models/flowc", cwd=project, check=True)
    written = {str(path.relative_to(project)) for path in (project / "build").rglob("*") if path.is_file()}
    assert {re.sub(r"[0-9a-f]{64}", "DIGEST", path) for path in written} == set(
        re.findall(r"^    (build/\S+)", section, re.MULTILINE)
    )


@cache
def operations(service: str) -> dict[str, set[str]]:
    """Returns the operations of AWS's command line for a service: command → its options."""
    import botocore.session
    from botocore import xform_name

    model = botocore.session.get_session().get_service_model(service)
    shapes: dict[str, Any] = {
        operation_name: model.operation_model(operation_name).input_shape for operation_name in model.operation_names
    }
    common = {"cli-input-json"}
    return {
        xform_name(name, "-"): common | {xform_name(member, "-") for member in (shape.members if shape else ())}
        for name, shape in shapes.items()
    }


def test_commands_of_aws_exist() -> None:
    text = (ROOT / "docs/targets/step-functions.md").read_text()
    lines = [*commands("docs/targets/step-functions.md"), *re.findall(r"`(aws [^`]*)`", text)]
    calls = [
        words for line in lines for words in re.findall(r"\baws (stepfunctions|batch|scheduler) (\S+)([^;&|]*)", line)
    ]
    assert len(calls) >= 10
    for service, command, rest in calls:
        assert command in operations(service), command
        assert set(re.findall(r"--([\w-]+)", rest)) <= operations(service)[command], (command, rest)


def test_the_placeholders_of_a_schedule_are_as_documented(project: Path) -> None:
    (compiling,) = of_flowc("docs/targets/step-functions.md")
    flowc(*compiling, cwd=project, check=True)
    text = (project / "build/step-functions/Hello.schedule.json").read_text()
    (command,) = (command for command in commands("docs/targets/step-functions.md") if "envsubst" in command)
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(re.findall(r"(\w+)=", command))

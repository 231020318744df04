"""Files of an earlier compile that the flow no longer has (docs/cli.md, "The output folder")."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.targets.target import deployer, names

from tests.golden.regenerate import FLOWS
from tests.support.building import documents, options_of, spec_of
from tests.support.running import Done, flowc

FLOW = """from metaflow import FlowSpec, project, schedule, step

@schedule(daily=True)
class Hello(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
UNSCHEDULED = FLOW.replace("@schedule(daily=True)\n", "")
ALL = "argo,step-functions,airflow"


def compiled(folder: Path, source: str, *options: str, target: str = ALL, code: int = 0) -> Done:
    """Compiles the source in `folder`, into its `build`."""
    (folder / "flow.py").write_text(source)
    done = flowc("compile", "flow.py", "-t", target, "--store", "s3://b/p", *options, cwd=folder)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `build`, apart from code packages."""
    root = folder / "build"
    paths = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".gz")
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def packages(folder: Path) -> set[str]:
    return {path.name for path in (folder / "build/code").iterdir()}


def codes(done: Done) -> list[str]:
    return [line[8:15] for line in done.stderr.splitlines() if line.startswith("warning[")]


@pytest.fixture
def scheduled(tmp_path: Path) -> Path:
    compiled(tmp_path, FLOW)
    return tmp_path


def test_a_removed_schedule(scheduled: Path) -> None:
    """A CronWorkflow and a schedule of EventBridge outlive the spec; in Airflow the schedule is part of the file."""
    before = tree(scheduled)
    commands = ("kubectl delete cronworkflow hello --cascade=orphan`", "aws scheduler delete-schedule --name Hello`")
    check = compiled(scheduled, UNSCHEDULED, "--check", code=1)
    assert "build/step-functions/Hello.schedule.json: no longer written\n" in check.stdout
    assert tree(scheduled) == before
    done = compiled(scheduled, UNSCHEDULED)
    assert "deleted         build/step-functions/Hello.schedule.json\n" in done.stdout
    for process in (check, done):
        assert codes(process) == ["FLOW610", "FLOW610"] and all(command in process.stderr for command in commands)
    assert before.keys() - tree(scheduled).keys() == {"step-functions/Hello.schedule.json"}
    assert b"schedule=None" in tree(scheduled)["airflow/Hello_dag.py"]
    for options in ((), ("--check",)):
        assert not compiled(scheduled, UNSCHEDULED, *options).stderr, "it is said once"
    assert tree(scheduled) == tree_of_a_new_folder(scheduled, UNSCHEDULED), (
        "the folder does not depend on what was there"
    )


def tree_of_a_new_folder(folder: Path, source: str) -> dict[str, bytes]:
    new = folder / "new"
    new.mkdir()
    compiled(new, source)
    return tree(new)


def test_the_namespace_is_part_of_an_object(tmp_path: Path) -> None:
    """After a change of the namespace, both objects of the old one are stale."""
    compiled(tmp_path, FLOW, "--namespace", "one", target="argo")
    done = compiled(tmp_path, FLOW, "--namespace", "two", target="argo")
    for kind in ("cronworkflow", "workflowtemplate"):
        assert f"`kubectl delete {kind} hello -n one" in done.stderr
    assert not compiled(tmp_path, UNSCHEDULED, "--namespace", "two", target="airflow").stderr


def test_what_somebody_changed_is_kept(scheduled: Path) -> None:
    stale = scheduled / "build/step-functions/Hello.schedule.json"
    stale.write_text(stale.read_text().replace("0 0", "5 0"))
    for _ in range(2):
        done = compiled(scheduled, UNSCHEDULED)
        assert "FLOW611" in codes(done) and f"`{stale.relative_to(scheduled)}` is stale" in done.stderr
        check = compiled(scheduled, UNSCHEDULED, "--check", code=1)
        assert f"{stale.relative_to(scheduled)}: no longer written, but somebody has changed it" in check.stdout
        assert "delete the files named above" in check.stderr
    stale.unlink()
    compiled(scheduled, UNSCHEDULED)
    assert not compiled(scheduled, UNSCHEDULED, "--check").stderr and not stale.exists()


@pytest.mark.parametrize("what", ["folder", "link", "link to a folder", "dangling link"])
def test_what_is_no_file(what: str, scheduled: Path) -> None:
    """A link to a file of flowc's is deleted, its target is not. A folder or a different link is the user's."""
    stale, elsewhere = scheduled / "build/step-functions/Hello.schedule.json", scheduled / "elsewhere"
    stale.rename(elsewhere) if what == "link" else stale.unlink()
    if what == "link to a folder":
        elsewhere.mkdir()
    stale.mkdir() if what == "folder" else stale.symlink_to(elsewhere)
    done = compiled(scheduled, UNSCHEDULED)
    assert ("FLOW611" in codes(done)) == os.path.lexists(stale) == (what != "link")
    assert elsewhere.exists() == what.startswith("link")


def test_files_of_others_stay(scheduled: Path) -> None:
    """The user's own, another flow's, and those of a target that is not compiled for now."""
    own = (
        "argo/kustomization.yaml",
        "argo/hello.rbac.yaml",
        "step-functions/hello.notes.md",
        "code/notes.tar.gz",
        "deployments/argo/README",
    )
    for file in own:
        (scheduled / "build" / file).write_text("mine")
    (scheduled / "other.py").write_text(FLOW.replace("Hello", "Other"))
    flowc("compile", "other.py", "-t", ALL, "--store", "s3://b/p", cwd=scheduled, check=True)
    before = tree(scheduled)
    done = compiled(scheduled, UNSCHEDULED, target="step-functions")
    after = tree(scheduled)
    assert before.keys() - after.keys() == {"step-functions/Hello.schedule.json"} and codes(done) == ["FLOW610"]
    changed = {name for name in after if after[name] != before[name]}
    assert {name for name in changed if "step-functions/Hello." not in name} == set()
    compiled(scheduled, FLOW, "--check", target="airflow,argo")
    flowc("compile", "other.py", "-t", ALL, "--store", "s3://b/p", "--check", cwd=scheduled, check=True)
    assert (scheduled / "build/code/notes.tar.gz").exists()


def test_another_branch_is_another_deployment(tmp_path: Path) -> None:
    """Its files stay, even if both are checked. A line says that they exist, and how to delete them."""
    source = FLOW.replace("@schedule", '@project(name="fraud")\n@schedule')
    compiled(tmp_path, source, "--branch", "dev", target="argo")
    done = compiled(tmp_path, source, "--production", target="argo")
    (dev,) = (tmp_path / "build/argo").glob("*test-dev*")
    name = dev.name.removesuffix(".argo.yaml")
    line = (
        f"deployment `{name}` of the same flow is here too: build/argo/{dev.name}; "
        f"to delete these files, add `--replaces {name}`\n"
    )
    assert line in done.stdout and not done.stderr
    assert line in compiled(tmp_path, source, "--production", "--check", target="argo").stdout
    assert line not in compiled(tmp_path, source, "--production", "--check", "-q", target="argo").stdout
    compiled(tmp_path, source, "--branch", "dev", "--check", target="argo")
    done = compiled(tmp_path, source, "--production", "--replaces", name, target="argo")
    assert not dev.exists() and f"kubectl delete cronworkflow {name}" in done.stderr
    assert [path for path in tree(tmp_path) if name in path] == []


def test_a_new_name(scheduled: Path) -> None:
    """`--replaces` deletes the files of the old deployment, and names what the engines still have."""
    before = tree(scheduled)
    options = ("--name", "new", "--replaces", "hello", "--replaces", "Hello")
    check = compiled(scheduled, FLOW, *options, "--check", code=1)
    assert all(
        f"build/{name}: no longer written\n" in check.stdout for name in before if not name.startswith("deployments")
    )
    assert tree(scheduled) == before
    done = compiled(scheduled, FLOW, *options)
    assert codes(done) == ["FLOW610"] * 5
    for command in (
        "kubectl delete cronworkflow hello --cascade=orphan`",
        "kubectl delete workflowtemplate hello`",
        "aws scheduler delete-schedule --name Hello`",
        "delete-state-machine --state-machine-arn …:stateMachine:Hello`",
        "delete `Hello_dag.py`",
        "airflow dags delete Hello`",
    ):
        assert command in done.stderr
    assert not [name for name in tree(scheduled) if "ello" in name] and len(packages(scheduled)) == 1
    again = compiled(scheduled, FLOW, *options)
    assert not again.stderr and "`--replaces hello`: build has no files of that deployment\n" in again.stdout
    compiled(scheduled, FLOW, "--name", "new", "--check")


def test_a_new_name_keeps_what_somebody_changed(scheduled: Path) -> None:
    spec = scheduled / "build/argo/hello.argo.yaml"
    spec.write_text(spec.read_text() + "# mine\n")
    assert "FLOW611" in codes(compiled(scheduled, FLOW, "--name", "new", "--replaces", "hello", target="argo"))
    assert spec.exists() and len(packages(scheduled)) == 1
    compiled(scheduled, FLOW, "--name", "new", "--replaces", "hello", "--check", target="argo", code=1)
    spec.unlink()
    check = compiled(scheduled, FLOW, "--name", "new", "--replaces", "hello", "--check", target="argo", code=1)
    assert "build/deployments/argo/hello.sha256: no longer written" in check.stdout
    compiled(scheduled, FLOW, "--name", "new", "--replaces", "hello", target="argo")
    compiled(scheduled, FLOW, "--name", "new", "--replaces", "hello", "--check", target="argo")


def test_nothing_replaces_itself(scheduled: Path) -> None:
    assert (
        "`--replaces hello` names the deployment that is being compiled"
        in compiled(scheduled, FLOW, "--replaces", "hello", target="argo", code=2).stderr
    )


def test_two_flows_of_one_name(tmp_path: Path) -> None:
    compiled(tmp_path, FLOW, "--name", "shared")
    for options in (("--check",), ()):
        done = compiled(tmp_path, FLOW.replace("Hello", "Other"), "--name", "shared", *options, code=len(options))
        assert (
            codes(done) == ["FLOW612"] * 3
            and "`shared` in `build/argo` was flow `Hello`, and is flow `Other` now" in done.stderr
        )
    assert not compiled(tmp_path, FLOW.replace("Hello", "Other"), "--name", "shared").stderr


def test_code_packages_of_earlier_compiles(tmp_path: Path) -> None:
    compiled(tmp_path, FLOW, target="argo")
    (first,) = packages(tmp_path)
    compiled(tmp_path, FLOW + "# two\n", target="argo,airflow")
    (second,) = packages(tmp_path)
    assert first != second
    compiled(tmp_path, FLOW + "# three\n", target="argo")
    assert second in packages(tmp_path) and len(packages(tmp_path)) == 2, "the DAG names it"
    compiled(tmp_path, FLOW + "# three\n", "--check", target="argo")
    done = compiled(tmp_path, FLOW + "# three\n", "--check", target="airflow", code=1)
    assert f"build/code/{second}: no longer written" in done.stdout
    compiled(tmp_path, FLOW + "# three\n", target="airflow")
    assert second not in packages(tmp_path) and len(packages(tmp_path)) == 1


def test_a_code_package_that_a_spec_without_a_manifest_names(tmp_path: Path) -> None:
    compiled(tmp_path, FLOW, target="argo,airflow")
    (first,) = packages(tmp_path)
    (tmp_path / "build/deployments/airflow/Hello.sha256").unlink()
    compiled(tmp_path, FLOW + "# two\n", target="argo")
    assert first in packages(tmp_path)


def test_a_code_package_that_somebody_changed(tmp_path: Path) -> None:
    compiled(tmp_path, FLOW, target="argo")
    (first,) = packages(tmp_path)
    (tmp_path / "build/code" / first).write_bytes(b"mine")
    for options in ((), ("--check",)):
        done = compiled(tmp_path, FLOW + "# two\n", *options, target="argo", code=len(options))
        assert codes(done) == ["FLOW611"] and (tmp_path / "build/code" / first).read_bytes() == b"mine"


def test_a_file_from_before_there_were_manifests(scheduled: Path) -> None:
    """The file may be the user's, so `compile` keeps it, and `--check` fails."""
    for path in (scheduled / "build/deployments/step-functions").iterdir():
        path.unlink()
    for options in ((), ("--check",)):
        done = compiled(scheduled, UNSCHEDULED, *options, target="step-functions", code=len(options))
        assert codes(done) == ["FLOW613"] and "`build/step-functions/Hello.schedule.json` may be stale" in done.stderr
    (scheduled / "build/step-functions/Hello.schedule.json").unlink()
    compiled(scheduled, UNSCHEDULED, "--check", target="step-functions")


def test_manifests_are_checked_too(scheduled: Path) -> None:
    """Without manifests, stale files could not be found."""
    manifest = scheduled / "build/deployments/argo/hello.sha256"
    text = manifest.read_text()
    manifest.unlink()
    assert f"{manifest.relative_to(scheduled)}: missing" in compiled(scheduled, FLOW, "--check", code=1).stdout
    manifest.write_text(text.replace("# flow Hello\n", ""))
    assert "differs" in compiled(scheduled, FLOW, "--check", code=1).stdout
    compiled(scheduled, FLOW)
    assert manifest.read_text() == text


def test_a_manifest_is_read_by_other_tools(scheduled: Path) -> None:
    for manifest in (scheduled / "build/deployments").rglob("*.sha256"):
        command = ["sha256sum", "--check", "--strict", str(manifest.relative_to(scheduled / "build"))]
        done = subprocess.run(command, cwd=scheduled / "build", capture_output=True, text=True)
        assert done.returncode == 0 and ": OK" in done.stdout, done.stderr
    assert "deployments" not in flowc("validate", "build", cwd=scheduled, check=True).stdout


def test_a_manifest_with_a_conflict_of_git(scheduled: Path) -> None:
    """A file that either side lists counts as listed, and the next compile writes it again."""
    manifest = scheduled / "build/deployments/step-functions/Hello.sha256"
    lines = manifest.read_text().splitlines()
    (schedule,) = (line for line in lines if "schedule.json" in line)
    lines.remove(schedule)
    manifest.write_text("\n".join([*lines[:3], "<<<<<<< HEAD", *lines[3:], "=======", schedule, ">>>>>>> theirs", ""]))
    compiled(scheduled, UNSCHEDULED, target="step-functions")
    assert not (scheduled / "build/step-functions/Hello.schedule.json").exists()
    compiled(scheduled, UNSCHEDULED, "--check", target="step-functions")


@pytest.mark.parametrize(
    "name", ["../flow.py", "../../flow.py", "sub/x", "..", "/etc/hostname", "..\\flow.py", "\0", ""]
)
def test_a_manifest_cannot_name_files_elsewhere(name: str, scheduled: Path) -> None:
    """A changed manifest must not make `compile` delete other files."""
    import hashlib

    digest = hashlib.sha256(UNSCHEDULED.encode()).hexdigest()
    manifest = scheduled / "build/deployments/argo/hello.sha256"
    with open(manifest, "a") as file:
        file.write(
            f"{digest}  argo/{name}\n{digest}  {name}\n# deploys cronworkflow x;reboot\n# deploys cronworkflow `x`\n"
        )
    (scheduled / "build/flow.py").write_text(UNSCHEDULED)
    done = compiled(scheduled, UNSCHEDULED, target="argo")
    assert (scheduled / "flow.py").exists() and (scheduled / "build/flow.py").exists()
    assert codes(done) == ["FLOW610"] and "reboot" not in done.stderr


def test_standard_output_touches_no_folder(scheduled: Path) -> None:
    before = tree(scheduled)
    done = compiled(scheduled, UNSCHEDULED, "-o", "-", target="step-functions")
    assert not done.stderr and tree(scheduled) == before


def test_programs_and_settings(scheduled: Path) -> None:
    """The warnings are diagnostics: they appear in every format, with the severity of the project's settings."""
    done = compiled(scheduled, UNSCHEDULED, "--check", "--format", "json", target="step-functions", code=1)
    assert [diagnostic["code"] for diagnostic in json.loads(done.stdout)["diagnostics"]] == ["FLOW610"]
    assert "Hello.schedule.json: no longer written" in done.stderr
    before = tree(scheduled)
    (scheduled / "pyproject.toml").write_text("[tool.flowc]\nseverity = { FLOW610 = 'error' }\n")
    assert "error[FLOW610]" in compiled(scheduled, UNSCHEDULED, target="step-functions", code=1).stderr
    assert tree(scheduled) == before
    (scheduled / "pyproject.toml").write_text("[tool.flowc]\nignore = ['FLOW610']\n")
    assert not compiled(scheduled, UNSCHEDULED, target="step-functions").stderr
    assert not (scheduled / "build/step-functions/Hello.schedule.json").exists()


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("target", names())
def test_a_deployment_is_what_its_spec_holds(name: str, target: str) -> None:
    from flowc.compiler.pipeline import load
    from flowc.compiler.report.diagnostics import Refused

    program = load(str(FLOWS[name]))
    for options in ({}, {"name": "own-name"}, {"deployment": "project.test.branch.Flow"}, {"namespace": "ml"}):
        deployment = deployer(target).deployment(program.flow, options_of(target, **options))
        try:
            spec = spec_of(program, target, **options)
        except (AssertionError, Refused):  # what a target refuses has no spec
            continue
        assert {file.name for file in spec} <= set(deployment.files)
        assert set(deployment.items) == set(items(target, {file.name: file.text for file in spec}))
        for item in deployment.items:
            assert (
                all(deployer(target).removal(item))
                and item.rpartition("/")[2].rpartition(" ")[2] in deployer(target).removal(item)[2]
            )


def items(target: str, spec: dict[str, str]) -> Iterator[str]:
    """Yields the objects that an engine gets, by the spec itself."""
    for name, text in spec.items():
        if target == "argo":
            for document in documents(text):
                place = "/".join(filter(None, (document["metadata"].get("namespace"), document["metadata"]["name"])))
                yield f"{document['kind'].lower()} {place}"
        elif target == "airflow":
            yield f"dag {text.partition('dag_id=')[2].partition(',')[0].strip(chr(34))}"
        elif name.endswith(".asl.json"):
            yield f"statemachine {name.removesuffix('.asl.json')}"
        elif name.endswith(".schedule.json"):
            yield f"schedule {json.loads(text)['Name']}"


DYING = """
import os, sys
left = int(sys.argv.pop(1))
def counted(real):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return real(*arguments, **named)
    return call
os.replace, os.remove = counted(os.replace), counted(os.remove)
from flowc.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_compile_that_is_killed_leaves_nothing_that_the_next_one_does_not_know(tmp_path: Path) -> None:
    """Kills the compile before each of its changes in turn. The next compile is of a flow without that file."""
    (tmp_path / "plain").mkdir()
    compiled(tmp_path / "plain", UNSCHEDULED)
    expected, deaths = tree(tmp_path / "plain"), 0
    while True:
        folder = tmp_path / str(deaths)
        folder.mkdir()
        compiled(folder, UNSCHEDULED.replace("pass", "print()"))
        (folder / "flow.py").write_text(FLOW)
        command = [sys.executable, "-c", DYING, str(deaths), "compile", "flow.py", "-t", ALL, "--store", "s3://b/p"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        compiled(folder, UNSCHEDULED)
        assert tree(folder) == expected and packages(folder) == packages(tmp_path / "plain"), (
            f"killed after {deaths} changes"
        )
        if done.returncode != 9:
            assert done.returncode == 0, done.stderr
            break
        deaths += 1
    assert deaths > 10


def test_compiles_at_the_same_time(tmp_path: Path) -> None:
    """Several compiles write into one folder at the same time: each finds its own files, and no package is missing."""
    jobs = [(name, target) for name in ("A", "B") for target in ALL.split(",")]
    for source in (FLOW, UNSCHEDULED, FLOW + "# more\n"):
        for name in ("A", "B"):
            (tmp_path / f"{name}.py").write_text(source.replace("Hello", name))
        command = [sys.executable, "-m", "flowc", "compile", "--store", "s3://b/p", "-q"]
        started = [
            subprocess.Popen([*command, f"{name}.py", "-t", target], cwd=tmp_path, stderr=subprocess.PIPE)
            for name, target in jobs
        ]
        for process in started:
            _, errors = process.communicate()
            assert process.returncode == 0, errors.decode()
        for name in ("A", "B"):
            flowc("compile", f"{name}.py", "-t", ALL, "--store", "s3://b/p", "--check", cwd=tmp_path, check=True)
        assert len(packages(tmp_path)) == 2
        named = {
            line.split("sha256:")[1].split()[0]
            for text in tree(tmp_path).values()
            for line in text.decode().splitlines()
            if "# code" in line
        }
        assert {f"{digest}.tar.gz" for digest in named} == packages(tmp_path)

"""The wheel: its files, and its use without the repository."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.golden.regenerate import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(source)], check=True, capture_output=True)
    for word in subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-m", "-o", "--exclude-standard"], capture_output=True, text=True
    ).stdout.split("\n"):
        if word and (ROOT / word).is_file():  # what is not committed yet is tested too
            (source / word).parent.mkdir(parents=True, exist_ok=True)
            (source / word).write_bytes((ROOT / word).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-w", str(folder), str(source)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_what_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "flowc/cli.py", "flowc/compiler/ir/nodes.py", "flowc/compiler/schema/ir.v1.json", "flowc/targets/argo/schema/argo-workflows-3.7.json",
        "flowc/targets/step_functions/bootstrap.py", "flowc/templates/compiled/airflow__dag_py.py", "flowc/runtime_shim/store/s3.py", "flowc/py.typed",
        "flowc_metaflow.pth", "flowc_metaflow_hook.py",
    ):  # fmt: skip
        assert name in names, name
    assert not any(name.startswith(("tests", "examples", "benchmarks")) for name in names)


def test_it_works_alone(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)],
        check=True,
        capture_output=True,
    )
    (tmp_path / "hello.py").write_text((ROOT / "examples" / "hello.py").read_text())

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    flowc = str(tmp_path / "venv" / "bin" / "flowc")
    assert "flowc 0." in run(flowc, "--version")
    run(flowc, "compile", "hello.py", "-t", "argo,step-functions,airflow", "--store", "s3://b")
    assert "Hello Ada Grace" in run(flowc, "run", "hello.py")
    assert "Hello Ada Grace" in run(python, "hello.py", "run"), (
        "`from metaflow import …` where Metaflow is not installed"
    )
    missing = subprocess.run([flowc, "validate", "build"], cwd=tmp_path, capture_output=True, text=True)
    assert missing.returncode == 1 and "pip install 'flowc[validate]'" in missing.stderr

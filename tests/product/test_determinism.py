"""The same source and options give the same bytes, wherever and however they are compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS, ROOT
from tests.support.pythons import pythons

SEVERAL = ["wine", "decorated", "branches_in_foreach_in_branch", "parameters"]
SCRIPT = """
import sys
sys.path.insert(0, {modules!r})
from flowc.cli import main
for flow in {flows!r}:
    code = main(["compile", flow, "--target", "argo,step-functions,airflow", "--store", "s3://b", "--quiet", "-o", {out!r} + "/" + flow.replace("/", "_")[-40:]])
    if code:
        sys.exit(code)
"""


def compiled(
    out: Path, flows: list[str], cwd: Path, python: str = sys.executable, modules: str = "", **environment: str
) -> dict[str, bytes]:
    """Compiles the flows in a process of its own; returns every file's name, below the folder, and bytes."""
    clean = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONHASHSEED", "TZ", "LC_ALL", "LANG")
    }
    script = SCRIPT.format(modules=modules, flows=flows, out=str(out))
    done = subprocess.run([python, "-c", script], cwd=cwd, env={**clean, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return compiled(tmp_path_factory.mktemp("expected"), [str(FLOWS[name]) for name in SEVERAL], ROOT)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}, {"TZ": "Asia/Kathmandu"}, {"LC_ALL": "C"}, {"LC_ALL": "tr_TR.UTF-8"},
        {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}, {"PYTHONOPTIMIZE": "2"}, {"COLUMNS": "20"}, {"HOME": "/nonexistent", "AWS_REGION": "xx"},
    ],
    ids=lambda variables: " ".join(f"{name}={value}" for name, value in variables.items()),
)  # fmt: skip
def test_environments(environment: dict[str, str], expected: dict[str, bytes], tmp_path: Path) -> None:
    assert compiled(tmp_path, [str(FLOWS[name]) for name in SEVERAL], ROOT, **environment) == expected


def test_folders(expected: dict[str, bytes], tmp_path: Path) -> None:
    """Compiles from a different folder, with a relative path, and with the flow elsewhere on the disk."""
    for name in SEVERAL:
        elsewhere = tmp_path / name / "deeper"
        elsewhere.mkdir(parents=True)
        for path in FLOWS[name].parent.glob("*.py"):
            (elsewhere / path.name).write_bytes(path.read_bytes())
            os.utime(elsewhere / path.name, (1, 1))
        specs_by_path = compiled(tmp_path / "out" / name, [FLOWS[name].name], elsewhere)
        specs = {Path(path).name: data for path, data in specs_by_path.items()}
        assert specs.items() <= {Path(path).name: data for path, data in expected.items()}.items()


@pytest.mark.parametrize("version", [python for python in pythons() if python >= (3, 10)], ids=str)
def test_python_versions(version: tuple[int, int], expected: dict[str, bytes], tmp_path: Path) -> None:
    """Uses a different interpreter with this one's modules.

    Only the parser is not pure Python, and its wheel fits all.
    """
    if version == sys.version_info[:2]:
        return  # made what is expected
    modules = _installed(version, tmp_path)
    assert (
        compiled(tmp_path / "out", [str(FLOWS[name]) for name in SEVERAL], ROOT, pythons()[version], modules)
        == expected
    )


def _installed(version: tuple[int, int], folder: Path) -> str:
    target = folder / "modules"
    done = subprocess.run(
        [pythons()[version], "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(target), "ast-grep-py>=0.40,<0.60", "tomli>=2"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    package = target / "flowc"
    package.mkdir()
    for path in (ROOT / "flowc").iterdir():
        (package / path.name).symlink_to(path)
    for name in ("compiler", "targets", "templates", "runtime_shim"):
        (package / name).symlink_to(ROOT / name)
    return str(target)


def test_compiling_reads_no_environment_and_opens_no_connection(tmp_path: Path) -> None:
    """Promise 1: no network, no credentials, and none of the flow's code runs."""
    marker = tmp_path / "ran"
    flow = tmp_path / "flow.py"
    flow.write_text(
        f"import not_installed_anywhere\nopen({str(marker)!r}, 'w').close()\n"
        + (ROOT / "examples" / "hello.py").read_text()
    )
    script = (
        "import socket, sys\n"
        "def no(*_): raise SystemExit('a socket was opened')\n"
        "socket.socket.connect = no\n"
        "from flowc.cli import main\n"
        f"sys.exit(main(['compile', {str(flow)!r}, '-t', 'argo,step-functions,airflow', '--store', 's3://b', '-q', '-o', {str(tmp_path / 'out')!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not marker.exists()

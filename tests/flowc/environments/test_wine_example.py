"""The example with packages: its lock is of its decorators, and every target delivers it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from flowc.environments import uv
from tests.support.running import flowc

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/wine/locked.py"


def test_the_lock_is_of_the_flow() -> None:
    done = flowc("lock", str(EXAMPLE), "--check", env={"UV_OFFLINE": "1"})
    assert done.returncode == 0 and "1 environment, up to date" in done.stdout, done.stderr
    texts = [each.read_text() for each in sorted(EXAMPLE.with_suffix(".lock").iterdir())]
    assert [tomllib.loads(each)["tool"]["flowc"]["platform"] for each in texts] == [
        "darwin/arm64",
        "linux/amd64",
        "linux/arm64",
    ]


@pytest.mark.parametrize("target", ["argo", "step-functions", "airflow"])
def test_every_step_names_its_packages(target: str, tmp_path: Path) -> None:
    flowc(
        "compile",
        str(EXAMPLE),
        "--target",
        target,
        "--store",
        "s3://models/flowc",
        "--output",
        str(tmp_path),
        check=True,
    )
    spec = "".join(each.read_text() for each in tmp_path.rglob("*") if each.suffix in (".yaml", ".json", ".py"))
    named = re.findall(r"linux/amd64=(sha256:[0-9a-f]{64}) linux/arm64=(sha256:[0-9a-f]{64})", spec)
    locks = {each.name: tomllib.loads(each.read_text()) for each in EXAMPLE.with_suffix(".lock").iterdir()}
    digests = tuple(
        locks[f"pylock.base-linux-{each}.toml"]["tool"]["flowc"]["environment"] for each in ("amd64", "arm64")
    )
    assert set(named) == {digests}


def test_a_python_of_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("3.99.9", "3.99.10", "3.99-dev", "3.9.1"):
        program = tmp_path / "versions" / version / "bin" / "python3.99"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert uv.python("3.99") == str(tmp_path / "versions/3.99.10/bin/python3.99")
    with pytest.raises(uv.Refused):
        uv.python("3.98")

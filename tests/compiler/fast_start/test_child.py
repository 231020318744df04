"""A program that is run without `subprocess` gives what it would give with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from flowc.compiler.fast_start.child import TemporaryFolder, run

PROGRAM = (
    "import os, sys; print(sys.stdin.read().upper() * 20_000, os.environ.get('A')); print('ß', file=sys.stderr);"
    "sys.exit(int(sys.argv[1]))"
)


@pytest.mark.parametrize("code", ["0", "3"])
def test_it_gives_what_subprocess_gives(code: str) -> None:
    command = [sys.executable, "-c", PROGRAM, code]
    variables = {**os.environ, "A": "b c", "PYTHONIOENCODING": "utf-8"}
    expected = subprocess.run(command, input="abc", env=variables, capture_output=True, text=True, encoding="utf-8")
    assert run(command, "abc", variables) == (expected.returncode, expected.stdout, expected.stderr)


def test_a_killed_program_has_a_negative_code() -> None:
    code, _, _ = run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "", {})
    assert code == -9


def test_a_missing_program_raises_and_leaves_nothing(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(OSError):
        run(["/nonexistent/program"], "", {})
    assert not os.listdir(str(tmp_path))


@pytest.mark.parametrize("exists", [True, False])
def test_the_folder_is_private_and_goes_with_all_that_is_in_it(
    exists: bool, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path) if exists else "/nonexistent")
    with TemporaryFolder("mine-") as path:
        assert os.stat(path).st_mode & 0o777 == 0o700
        assert os.path.basename(path).startswith("mine-")
        os.makedirs(os.path.join(path, "below", "it"))
        open(os.path.join(path, "file"), "w").close()
    assert not os.path.exists(path)

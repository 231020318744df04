"""A command reads the settings of a project, and parses each of its locks, no more often than it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.fast_start import json_text

from flowc.environments.demand import folder_of
from flowc.environments.locks import file_name
from flowc.environments.platforms import platform
from flowc.environments.pylock import Lock, Wheel, dumps

FLOW = """from metaflow import FlowSpec, pypi, step

class F(FlowSpec):
    @pypi(packages={"apple": "1.0"}, python="3.12")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
COUNT = """
import json, sys
from collections import Counter
from flowc import settings
from flowc.environments import pylock
counts = Counter()

def count(module, name):
    function = getattr(module, name)

    def counted(*arguments):
        counts[name] += 1
        return function(*arguments)

    setattr(module, name, counted)

count(settings, "_nearest")
count(pylock, "loads")
from flowc.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, counts["_nearest"], counts["loads"]]), file=sys.stderr)
"""


@pytest.mark.parametrize("how", ["archive", "image", "none"])
@pytest.mark.parametrize("command", ["check", "compile"])
def test_settings_and_locks_are_read_few_times(command: str, how: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nstore = "s3://b/p"\n')
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW)
    wheel = Wheel("apple", "1.0", "apple-1.0-py3-none-any.whl", "https://host/apple-1.0-py3-none-any.whl", "ab" * 32)
    lock = Lock("F", "start", (("apple", "==1.0"),), "3.12", platform("linux/amd64"), (wheel,), ("https://host/s",))
    os.makedirs(folder_of(str(flow)))
    Path(folder_of(str(flow)), file_name(lock)).write_text(dumps(lock))
    options = ["-t", "argo", "--environments", how, "--repository", "registry/name", "--image", "own"]
    options += ["-o", "out"] if command == "compile" else []
    done = subprocess.run(
        [sys.executable, "-c", COUNT, command, "flow.py", *options], cwd=tmp_path, capture_output=True, text=True
    )
    code, settings, locks = json_text.loads(done.stderr.splitlines()[-1])
    assert code == (1 if how == "image" else 0), done.stderr  # the image is not built
    read = 0 if how == "none" else 1  # the images have the packages: nobody asks for the lock
    assert (settings <= (3 if command == "check" else 2), locks) == (True, read), (settings, locks)

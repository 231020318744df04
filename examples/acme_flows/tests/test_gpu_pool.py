"""Tests of the plug-in as its authors write them: with flowc's command line, on a small flow."""

import json
import subprocess
import sys
from pathlib import Path

FLOW = """from acme_flows import gpu_pool
from metaflow import FlowSpec, step


class Example(FlowSpec):
    @gpu_pool({arguments})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("done")
"""


def flowc(folder: Path, arguments: str, *words: str) -> "subprocess.CompletedProcess[str]":
    (folder / "flow.py").write_text(FLOW.format(arguments=arguments))
    command = [sys.executable, "-m", "flowc", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_pool_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = flowc(tmp_path, "name='tiny'", "check", "flow.py")
    assert done.returncode == 1 and "Acme has no such pool" in done.stdout + done.stderr


def test_the_pod_goes_to_the_pool(tmp_path: Path) -> None:
    done = flowc(tmp_path, "name='training', gpus=4", "show", "flow.py", "--json")
    start = json.loads(done.stdout)["flow"]["steps"][0]
    asked = {decorator["name"]: decorator["attributes"] for decorator in start["decorators"]}
    assert asked["kubernetes"]["node_selector"] == {"acme.example/pool": "training"}
    assert asked["resources"]["gpu"] == 4 and asked["batch"]["queue"] == "acme-training"


def test_the_step_is_accounted_for(tmp_path: Path) -> None:
    done = flowc(tmp_path, "", "run", "flow.py", "--store", "store")
    assert "start has 1 GPU of pool shared" in done.stdout + done.stderr, done.stdout + done.stderr

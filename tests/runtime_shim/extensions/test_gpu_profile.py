"""`@gpu_profile`: artifacts and a card, with a stand-in for `nvidia-smi`, and without any."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from tests.support.running import artifacts, dump, flowc, run

FLOW = """
import time
from metaflow import FlowSpec, current, step
from {module} import gpu_profile


class F(FlowSpec):
    @gpu_profile(interval=0.05{attributes})
    @step
    def start(self):
        self.early = self.gpu_profile_num_gpus
        time.sleep({seconds})
        {fails}
        self.next(self.end)

    @step
    def end(self):
        print(self.gpu_profile_data["error"])
"""
SMI = """#!{python}
import sys
query = next((word for word in sys.argv if word.startswith("--query-gpu=")), "")
if "name" in query:
    print("NVIDIA A100, 00000000:00:1E.0, 40960 MiB")
elif query:
    print("00000000:00:1E.0, 2030/01/02 03:04:05.678, 87, 1024, 40960")
else:
    print("| NVIDIA-SMI 535.1   Driver Version: 535.104.05   CUDA Version: 12.2   |")
"""


def written(
    folder: Path, module: str = "metaflow", attributes: str = "", seconds: float = 0.0, fails: str = ""
) -> Path:  # fmt: skip
    path = folder / "flow.py"
    path.write_text(FLOW.format(module=module, attributes=attributes, seconds=seconds, fails=fails))
    return path


def with_gpu(folder: Path, text: str = SMI) -> dict[str, str]:
    path = folder / "bin" / "nvidia-smi"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}"}


def card(folder: Path) -> str:
    (found,) = (folder / "store").rglob("*.card.blank-gpu*.json")
    return json.dumps(json.loads(found.read_text())["components"])


@pytest.mark.parametrize("module", ["metaflow", "metaflow.profilers"])
def test_a_machine_without_a_gpu(tmp_path: Path, module: str) -> None:
    run(written(tmp_path, module), tmp_path / "store", env={"PATH": str(tmp_path)})
    found = artifacts(tmp_path / "store", "end")
    assert (found["early"], found["gpu_profile_num_gpus"]) == ("0", "0")
    expected = {"error": "nvidia-smi not found", "cuda_version": None, "driver_version": None}
    assert found["gpu_profile_data"] == repr(expected)
    assert "No GPU was profiled" in card(tmp_path) and "nvidia-smi not found" in card(tmp_path)


@pytest.mark.parametrize(("text", "error"), [("#!/bin/sh\nexit 9", "nvidia-smi error"), ("#!/bin/sh\necho hm", "nvidia-smi error")])  # fmt: skip
def test_a_broken_nvidia_smi_fails_nothing(tmp_path: Path, text: str, error: str) -> None:
    run(written(tmp_path), tmp_path / "store", env=with_gpu(tmp_path, text))
    assert error in artifacts(tmp_path / "store", "end")["gpu_profile_data"]


def test_a_machine_with_a_gpu(tmp_path: Path) -> None:
    run(written(tmp_path, seconds=0.3), tmp_path / "store", env=with_gpu(tmp_path))
    found = artifacts(tmp_path / "store", "end")
    assert (found["early"], found["gpu_profile_num_gpus"]) == ("1", "1")
    (start,) = dump(tmp_path / "store")["start"]
    data = eval(start["artifacts"]["gpu_profile_data"]["repr"])
    assert (data["error"], data["driver_version"], data["cuda_version"]) == (None, "535.104.05", "12.2")
    assert data["devices"] == [{"name": "NVIDIA A100", "device_id": "00000000:00:1E.0", "memory": "40960 MiB"}]
    seen = data["profile"]["00000000:00:1E.0"]
    assert seen["timestamp"][0] == "2030/01/02 03:04:05" and set(seen["gpu_utilization"]) == {"87"}
    assert len({len(values) for values in seen.values()}) == 1 and len(seen["ram_total"]) >= 2
    assert all(part in card(tmp_path) for part in ("NVIDIA A100", "87.0%", "1024 MiB", "gpu_profile_data"))


def test_a_failed_step_is_profiled_and_a_card_can_be_left_out(tmp_path: Path) -> None:
    flow = written(tmp_path, fails='raise ValueError("on purpose")')
    done = run(flow, tmp_path / "store", env={"PATH": str(tmp_path)}, check=False)
    assert done.returncode == 1 and "ValueError: on purpose" in done.stdout + done.stderr
    assert "No GPU was profiled" in card(tmp_path)
    run(written(tmp_path, attributes=", with_card=False"), tmp_path / "other", env={"PATH": str(tmp_path)})
    assert list((tmp_path / "other").rglob("*.card.*")) == []


def test_later_steps_read_its_artifacts_without_a_warning(tmp_path: Path) -> None:
    done = flowc("check", str(written(tmp_path)), "--target", "argo", "--store", "s3://b/x", "--format", "json")
    assert done.returncode == 0 and json.loads(done.stdout)["diagnostics"] == []
    wrong = written(tmp_path, attributes=", include_artifacts=False")
    found = json.loads(flowc("check", str(wrong), "--format", "json").stdout)["diagnostics"]
    assert {one["code"] for one in found} == {"FLOW400"}

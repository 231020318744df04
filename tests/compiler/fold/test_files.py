"""Files that the flow's code reads when it is imported are inputs of the compile, and part of the code package."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.compiler.ir.json_form import plain_record
from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import Refused

from tests.support.running import dump, flowc

FLOW = """
import json, tomllib
from pathlib import Path
from metaflow import FlowSpec, Parameter, step
HERE = Path(__file__).resolve().parent
with open(HERE / "a.json") as file:
    A = json.load(file)
with open("conf/b.toml", "rb") as file:
    B = tomllib.load(file)
class F(FlowSpec):
    a = Parameter("a", default=A["size"])
    b = Parameter("b", default=B["name"] + (HERE / "c.txt").open().read().strip())
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        self.sum = (self.a, self.b)
"""


def written(folder: Path) -> Path:
    (folder / "conf").mkdir()
    (folder / "a.json").write_text('{"size": 3}')
    (folder / "conf" / "b.toml").write_text('name = "x"\n')
    (folder / "c.txt").write_text("y\n")
    (folder / "flow.py").write_text(FLOW)
    return folder / "flow.py"


def test_values_files_and_digests(tmp_path: Path) -> None:
    program = load(str(written(tmp_path)))
    assert [parameter.default for parameter in program.flow.parameters] == [3, "xy"]
    for name in ("a.json", "conf/b.toml", "c.txt"):
        assert program.files[name] == (tmp_path / name).read_bytes()
    inputs = {item.name: (item.kind, item.value, item.digest) for item in program.flow.inputs}
    digest = hashlib.sha256(b'{"size": 3}').hexdigest()
    assert inputs["a.json"] == ("file", "a.json", f"sha256:{digest}")


def test_a_task_finds_them_from_any_folder(tmp_path: Path) -> None:
    path, store = written(tmp_path), tmp_path / "store"
    flowc("run", str(path), "--store", str(store), "--run-id", "r", cwd=tmp_path, check=True)
    assert dump(store)["end"][0]["artifacts"]["sum"]["repr"] == "(3, 'xy')"


def test_a_task_in_a_container_finds_them(tmp_path: Path) -> None:
    """The code package of a container's task is in a temporary folder, not in the current one."""
    code, elsewhere = tmp_path / "code", tmp_path / "elsewhere"
    for folder in (code, elsewhere):
        folder.mkdir()
    flow = plain_record(load(str(written(code))).flow)
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    lines = (
        "import json, os",
        "from flowc.runtime_shim.user_code.flow_module import load_flow",
        f"load_flow({str(code)!r}, json.load(open({str(tmp_path / 'flow.json')!r})), once=True)",
        "print(os.getcwd())",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
    assert done.stdout.strip() == str(elsewhere), done.stderr


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    path = written(code)
    (tmp_path / "outside.txt").write_text("z\n")
    os.remove(code / "c.txt")
    os.symlink(tmp_path / "outside.txt", code / "c.txt")
    with pytest.raises(Refused) as refused:
        load(str(path))
    assert [problem.code for problem in refused.value.diagnostics] == ["FLOW120"]

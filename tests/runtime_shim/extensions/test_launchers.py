"""`@torchrun`, `@deepspeed`, `@mpi`, `@metaflow_ray` and `@tensorflow` in a local run, with stand-ins for the launchers.

Each stand-in is a package or a program of its launcher's name. It writes down how it was started, and starts what it
was told to.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import Container
from tests.support.running import artifacts, flowc, run

FLOW = """
import json, os, sys
from pathlib import Path
from metaflow import FlowSpec, current, retry, step{imports}

HERE = Path(__file__).parent


class F(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=3)

    {decorators}
    @step
    def train(self):
        self.node = current.parallel.node_index
{body}
        self.next(self.join)

    @step
    def join(self, inputs):
        self.nodes = [getattr(one, "node", None) for one in inputs]
        self.results = [getattr(one, "result", None) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
# The launchers that Python starts as modules: `name` is the module.
TORCH = """
import json, os, subprocess, sys
words = sys.argv[1:]
options = {}
while words[0].startswith("--"):
    options[words[0][2:]] = words[1]
    words = words[2:]
for rank in range(int(options["nproc_per_node"])):
    told = {"LOCAL_RANK": str(rank), "OPTIONS": json.dumps(options)}
    code = subprocess.call([sys.executable, *words], env={**os.environ, **told})
    if code:
        sys.exit(code)
"""
SCRIPT = """
import json, os, sys
from pathlib import Path
options = json.loads(os.environ["OPTIONS"])
name = f"{options['node_rank']}.{os.environ['LOCAL_RANK']}.json"
Path(__file__).with_name(name).write_text(json.dumps([options, sys.argv[1:]]))
"""
# A program: writes its words and what is in its hostfile, then runs the script.
PROGRAM = """#!{python}
import json, subprocess, sys
words = sys.argv[1:]
hosts = open(words[words.index("--hostfile") + 1]).read() if "--hostfile" in words else None
with open("{folder}/started.jsonl", "a") as file:
    file.write(json.dumps([sys.argv[0].rpartition("/")[2], words, hosts]) + chr(10))
sys.exit({code})
"""


def written(folder: Path, decorators: str, body: str, imports: str) -> Path:
    path = folder / "flow.py"
    lines = "\n".join("        " + line for line in body.strip().splitlines())
    path.write_text(FLOW.format(decorators=decorators, body=lines, imports=f", {imports}"))
    return path


def modules(folder: Path, **texts: str) -> dict[str, str]:
    """Makes modules (`__` in a name is a dot), and returns the environment that finds them."""
    for name, text in texts.items():
        path = folder / "standins" / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for parent in path.relative_to(folder / "standins").parents:
            if str(parent) != ".":
                (folder / "standins" / parent / "__init__.py").touch()
    return {"PYTHONPATH": str(folder / "standins")}


def programs(folder: Path, *names: str, code: int = 0) -> dict[str, str]:
    """Makes programs, and returns the environment that finds them."""
    (folder / "bin").mkdir(exist_ok=True)
    for name in names:
        path = folder / "bin" / name
        path.write_text(PROGRAM.format(python=sys.executable, folder=folder, code=code))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def started(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "started.jsonl").read_text().splitlines()]


TORCHRUN = """
current.torch.run(
    entrypoint="train_script.py", entrypoint_args={"lr": 2e-4, "bf16": True, "out": "a b", "fast": None},
    torchrun_args={"max_restarts": 1}, nproc_per_node=2,
)
self.result = current.torch.torchrun_args["node_rank"]
"""


@pytest.mark.parametrize("name", ["torchrun", "torchrun_parallel"])
def test_torchrun(tmp_path: Path, name: str) -> None:
    """Every node starts the launcher with its own rank, and with the address and the port of node 0."""
    (tmp_path / "train_script.py").write_text(SCRIPT)
    flow = written(tmp_path, f"@{name}", TORCHRUN, name)
    run(flow, tmp_path / "store", env=modules(tmp_path, torch__distributed__run=TORCH))
    seen = [json.loads((tmp_path / f"{node}.{rank}.json").read_text()) for node in range(3) for rank in range(2)]
    port = seen[0][0]["master_port"]
    for number, (options, words) in enumerate(seen):
        assert options == {
            "nnodes": "3", "master_addr": "127.0.0.1", "master_port": port, "node_rank": str(number // 2),
            "nproc_per_node": "2", "max_restarts": "1", "rdzv_endpoint": f"127.0.0.1:{port}",
        }  # fmt: skip
        assert words == ["--lr", "0.0002", "--bf16", "true", "--out", "a b", "--fast"]
    assert artifacts(tmp_path / "store", "end")["results"] == "[0, 1, 2]"


def test_torchrun_with_a_port_and_lists(tmp_path: Path) -> None:
    (tmp_path / "train_script.py").write_text(SCRIPT)
    body = """
current.torch.run(
    torchrun_args=["nproc_per_node", 1, "rdzv_id", "x"], entrypoint=str(HERE / "train_script.py"),
    entrypoint_args=["--lr", 1],
)
"""
    flow = written(tmp_path, "@torchrun(master_port=4321, nproc_per_node=5)", body, "torchrun")
    run(flow, tmp_path / "store", env=modules(tmp_path, torch__distributed__run=TORCH))
    options, words = json.loads((tmp_path / "2.0.json").read_text())
    assert (options["master_port"], options["rdzv_id"], words) == ("4321", "x", ["--lr", "1"])
    assert not (tmp_path / "2.1.json").exists()


def test_a_script_that_fails_is_tried_again_on_all_nodes(tmp_path: Path) -> None:
    fails = "\nif options['node_rank'] == '1' and not Path(__file__).with_name('again').exists():\n"
    fails += "    Path(__file__).with_name('again').touch()\n    sys.exit(7)\n"
    (tmp_path / "train_script.py").write_text(SCRIPT + fails)
    body = 'current.torch.run(entrypoint="train_script.py")\nself.result = current.retry_count'
    flow = written(tmp_path, "@retry(times=1, minutes_between_retries=0)\n    @torchrun", body, "torchrun")
    done = run(flow, tmp_path / "store", env=modules(tmp_path, torch__distributed__run=TORCH))
    assert "failed with exit code 7" in done.stdout + done.stderr
    assert artifacts(tmp_path / "store", "end")["results"] == "[1, 1, 1]"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('entrypoint="train_script.py"', "PyTorch is not installed"),
        ("", "needs an `entrypoint`"),
        ('entrypoint="t.py", torchrun_args={"nproc_per_node": 2}, nproc_per_node=2', "not both"),
        ('entrypoint="t.py", torchrun_args=["nproc_per_node"]', "must have a value after each name"),
    ],
)
def test_torchrun_says_what_is_wrong(tmp_path: Path, call: str, said: str) -> None:
    flow = written(tmp_path, "@torchrun", f"current.torch.run({call})", "torchrun")
    done = run(flow, tmp_path / "store", check=False)
    assert done.returncode == 1 and f"TorchrunException: {said}" in (done.stdout + done.stderr).replace(
        "current.torch.run ", ""
    ).replace("give `nproc_per_node` or `torchrun_args['nproc_per_node']`, ", "").replace(
        "`torchrun_args` as a list ", ""
    )


SINGLE = """
from metaflow import FlowSpec, step{imports}


class F(FlowSpec):
    @step
    def start(self):
        {inner}
        TorchrunSingleNodeMultiGPU().run(entrypoint="train_script.py", nproc_per_node=2, torchrun_args={{"node_rank": 9}})
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("module", ["metaflow", "metaflow.plugins.torchrun_libs.executor"])
def test_torchrun_in_one_task(tmp_path: Path, module: str) -> None:
    (tmp_path / "train_script.py").write_text(SCRIPT)
    inner = f"from {module} import TorchrunSingleNodeMultiGPU"
    (tmp_path / "flow.py").write_text(SINGLE.format(imports="", inner=inner))
    run(tmp_path / "flow.py", tmp_path / "store", env=modules(tmp_path, torch__distributed__run=TORCH))
    options, _ = json.loads((tmp_path / "9.1.json").read_text())
    assert options == {"nproc_per_node": "2", "node_rank": "9"}


def test_torchrun_in_a_container(tmp_path: Path) -> None:
    """The script is in the code package, and is found there, although the working folder is a different one."""
    inner = "from metaflow import TorchrunSingleNodeMultiGPU"
    source = SINGLE.format(imports=", checkpoint, current", inner=inner).replace(
        "    @step", "    @checkpoint\n    @step", 1
    )
    source = source.replace(
        "self.next(self.end)", "self.n = len(current.checkpoint.list())\n        self.next(self.end)"
    )
    saving = "from metaflow import Checkpoint\nwith Checkpoint() as one:\n    one.save()\nprint('rank', options['node_rank'])"
    (tmp_path / "train_script.py").write_text(SCRIPT.replace("Path(__file__).with_name", "#") + saving)
    flow = Container(source, tmp_path, env=modules(tmp_path, torch__distributed__run=TORCH))
    (tmp_path / "train_script.py").unlink()
    flow.task("start")
    assert flow.record("start")["artifacts"]["n"]["type"] == "int"
    assert len(list((tmp_path / "store" / "F" / "checkpoints" / "tasks").rglob("0.mfchckpt.*.json"))) == 2


DEEPSPEED = """
current.deepspeed.run(entrypoint="script.py", entrypoint_args={"out": "x"}, deepspeed_args={"module": None})
self.result = sum(1 for line in open(HERE / "started.jsonl")), current.deepspeed.hosts
"""


def test_deepspeed(tmp_path: Path) -> None:
    """Node 0 starts the launcher for all, which are one host here; the others go on when it has ended."""
    (tmp_path / "script.py").touch()
    flow = written(tmp_path, "@resources(gpu=2)\n    @deepspeed", DEEPSPEED, "deepspeed, resources")
    run(flow, tmp_path / "store", env=programs(tmp_path, "deepspeed"))
    ((name, words, hosts),) = started(tmp_path)
    at = words.index("--hostfile")
    assert (name, hosts) == ("deepspeed", "127.0.0.1 slots=6\n")
    assert words[:at] == ["--module"] and words[at + 2 :] == [
        "--num_nodes", "1", "--num_gpus", "6", "--master_addr", "127.0.0.1", str(tmp_path / "script.py"), "--out", "x",
    ]  # fmt: skip
    assert artifacts(tmp_path / "store", "end")["results"] == repr([(1, ["127.0.0.1"] * 3)] * 3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('entrypoint="s.py"', "deepspeed cannot be started: the step's environment or image must contain `deepspeed`"),
        ('entrypoint="s.py", push_results_dir_to_cloud=True', "flowc does not support `push_results_dir_to_cloud`"),
        ('entrypoint="s.py", deepspeed_args=["--master_addr", "x"]', "`--master_addr` must not be given"),
        ("", "current.deepspeed.run needs an `entrypoint`"),
    ],
)
def test_deepspeed_says_what_is_wrong(tmp_path: Path, call: str, said: str) -> None:
    done = run(
        written(tmp_path, "@deepspeed", f"current.deepspeed.run({call})", "deepspeed"), tmp_path / "store", check=False
    )
    assert done.returncode == 1 and f"DeepspeedException: {said}" in done.stdout + done.stderr


MPI = """
current.mpi.cc(args=["-o", "hello", "hello.c"])
current.mpi.broadcast_file("hello")
current.mpi.exec(args=["-n", "6"], program="python hello.py", program_args=["--verbose", 1])
current.mpi.run(args=["--hostfile", str(HERE / "mine.txt")], program="hello")
self.result = current.mpi.hosts
"""


def test_mpi(tmp_path: Path) -> None:
    """Only node 0 runs the step."""
    (tmp_path / "mine.txt").write_text("mine\n")
    flow = written(tmp_path, "@resources(cpu=2)\n    @mpi", MPI, "mpi, resources")
    run(flow, tmp_path / "store", env=programs(tmp_path, "mpicc", "mpiexec", "mpirun"))
    compiled, first, second = started(tmp_path)
    assert compiled == ["mpicc", ["-o", "hello", "hello.c"], None]
    assert (first[0], first[2]) == ("mpiexec", "127.0.0.1 slots=6\n")
    assert first[1][:3] == ["-n", "6", "--hostfile"] and first[1][4:] == ["python", "hello.py", "--verbose", "1"]
    assert second == ["mpirun", ["--hostfile", str(tmp_path / "mine.txt"), "hello"], "mine\n"]
    found = artifacts(tmp_path / "store", "end")
    assert (found["nodes"], found["results"]) == ("[0, None, None]", repr([["127.0.0.1"] * 3, None, None]))


def test_a_program_of_mpi_that_fails_fails_the_step(tmp_path: Path) -> None:
    flow = written(tmp_path, "@mpi", 'current.mpi.exec(args=["-n", "1"], program="hello")', "mpi")
    done = run(flow, tmp_path / "store", env=programs(tmp_path, "mpiexec", code=3), check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "MPIException: the command `mpiexec" in said and "exit code 3" in said
    assert "MPIException: mpicc cannot be started" in (
        run(written(tmp_path, "@mpi", 'current.mpi.cc(args=["x"])', "mpi"), tmp_path / "other", check=False).stderr
        + flowc("logs", "r/train/0", "--store", str(tmp_path / "other")).stdout
    )


@pytest.mark.parametrize("decorator", ["mpi", "deepspeed"])
def test_no_node_waits_for_a_failure_that_is_caught(tmp_path: Path, decorator: str) -> None:
    """With `@catch`, the gang goes on when node 0 has failed; those that waited for it name its failure."""
    body = {
        "mpi": 'current.mpi.exec(args=[], program="hello")', "deepspeed": 'current.deepspeed.run(entrypoint="x.py")',
    }[decorator]  # fmt: skip
    flow = written(
        tmp_path, f'@catch(var="result", print_exception=False)\n    @{decorator}', body, f"catch, {decorator}"
    )
    env = programs(tmp_path, "mpiexec", "deepspeed", code=3)
    run(flow, tmp_path / "store", env=env)
    results = artifacts(tmp_path / "store", "end")["results"]
    assert results.count("failed with exit code 3") == 3 and results.count("node 0 of step train has failed") == 2


# Ray: the head's process and the others note that they run; `ray.nodes()` counts them.
RAY = """
import os
from pathlib import Path
HERE = Path(__file__).parents[2]
def init(address=None):
    global joined
    joined = address or os.environ["RAY_ADDRESS"]
def nodes():
    return [path for path in HERE.glob("node.*") if path.read_text() == joined]
"""
START = """
import json, os, signal, sys, time
from pathlib import Path
words = sys.argv[1:]
HERE = Path(__file__).parents[3]
value = lambda name: words[words.index(name) + 1]
address = f"{value('--node-ip-address')}:{value('--port')}" if "--head" in words else value("--address")
note = HERE / f"node.{os.getpid()}"
note.write_text(address)
(HERE / ("head.json" if "--head" in words else f"other.{os.getpid()}.json")).write_text(json.dumps(words))
def end(*_):
    note.unlink()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    time.sleep(0.05)
"""
RAYS = """
import ray
ray.init()
self.result = len(ray.nodes())
self.place = current.ray_storage_path
{fails}
"""


@pytest.mark.parametrize("name", ["metaflow_ray", "ray_parallel"])
def test_ray(tmp_path: Path, name: str) -> None:
    """Node 0 runs the step once all nodes have joined its cluster, and all processes are ended afterwards."""
    env = modules(tmp_path, ray__scripts__scripts=START)
    (tmp_path / "standins" / "ray" / "__init__.py").write_text(RAY)
    flow = written(tmp_path, f'@{name}(log_style="record", enable_dashboard=True)', RAYS.format(fails=""), name)
    run(flow, tmp_path / "store", env=env)
    found = artifacts(tmp_path / "store", "end")
    assert (found["nodes"], found["results"]) == ("[0, None, None]", "[3, None, None]")
    assert artifacts(tmp_path / "store", "train", "0")["place"].endswith("/runtime/ray/F/r/train/0'")
    head = json.loads((tmp_path / "head.json").read_text())
    assert head[:4] == ["start", "--block", "--disable-usage-stats", "--head"]
    assert head[head.index("--dashboard-port") + 1] == "8265" and head[-2:] == ["--log-style", "record"]
    assert len(list(tmp_path.glob("other.*.json"))) == 2 and list(tmp_path.glob("node.*")) == []


def test_ray_is_ended_when_the_step_fails(tmp_path: Path) -> None:
    env = modules(tmp_path, ray__scripts__scripts=START)
    (tmp_path / "standins" / "ray" / "__init__.py").write_text(RAY)
    body = RAYS.format(fails='if current.retry_count == 0: raise ValueError("once")')
    flow = written(tmp_path, "@retry(times=1, minutes_between_retries=0)\n    @metaflow_ray", body, "metaflow_ray")
    run(flow, tmp_path / "store", env=env)
    assert artifacts(tmp_path / "store", "end")["results"] == "[3, None, None]"
    assert not any(is_running(path.name.partition(".")[2]) for path in tmp_path.glob("node.*"))


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ray_says_what_is_wrong(tmp_path: Path) -> None:
    flow = written(tmp_path, "@metaflow_ray(all_nodes_started_timeout=1)", "pass", "metaflow_ray")
    done = run(flow, tmp_path / "one", check=False)
    assert done.returncode == 1 and "RayException: Ray is not installed" in done.stdout + done.stderr
    env = modules(tmp_path, ray__scripts__scripts="import sys\nsys.exit(4)")
    done = run(flow, tmp_path / "two", env=env, check=False)
    assert done.returncode == 1 and "Ray ended on node 0 with exit code 4" in done.stdout + done.stderr
    env = modules(tmp_path, ray__scripts__scripts=START)
    (tmp_path / "standins" / "ray" / "__init__.py").write_text(RAY + "\ndef nodes():\n    return []\n")
    done = run(flow, tmp_path / "three", env=env, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "not all 3 nodes joined the cluster" in said and "(nodes: 0)" in said


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow_parallel"])
def test_tensorflow(tmp_path: Path, name: str) -> None:
    """Every node knows the addresses of all, and which one is its own."""
    flow = written(tmp_path, f"@{name}", 'self.result = os.environ["TF_CONFIG"]', name)
    run(flow, tmp_path / "store")
    configs = [json.loads(text) for text in eval(artifacts(tmp_path / "store", "end")["results"])]
    (workers,) = {tuple(config["cluster"]["worker"]) for config in configs}
    assert len(set(workers)) == 3 and all(worker.startswith("127.0.0.1:") for worker in workers)
    assert [config["task"] for config in configs] == [{"type": "worker", "index": index} for index in range(3)]


def test_targets_refuse_them_as_they_refuse_every_gang(tmp_path: Path) -> None:
    flow = written(tmp_path, "@torchrun", TORCHRUN, "torchrun")
    for target in ("argo", "airflow", "step-functions"):
        words = ["check", str(flow), "--target", target, "--store", "s3://bucket/x", "--format", "json"]
        found = json.loads(flowc(*words).stdout)["diagnostics"]
        assert [one["code"] for one in found if one["severity"] == "error"] == ["FLOW502"]

"""Several tasks per container on the command line: `--optimize`, its settings, what is said of them, what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS
from tests.support.building import documents
from tests.support.running import LIMIT, flowc

HEAD = "from metaflow import *\nfrom metaflow import batch, catch, environment, kubernetes, parallel, resources, retry, timeout\n"
WIDE = (
    HEAD
    + """
class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(2000))
        self.next(self.load)

    @step
    def load(self):
        self.next(self.measure, foreach="items")

    @timeout(minutes=5)
    @retry(times=2)
    @catch(var="problem")
    @step
    def measure(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.left = 300
        self.next(self.again)

    @step
    def again(self):
        self.left -= 1
        self.choice = "more" if self.left else "done"
        self.next({"more": self.again, "done": self.end}, condition="choice")

    @step
    def end(self):
        pass
"""
)


def line(names: dict[str, str], end: str = "") -> str:
    """The flow of steps in a line, each with what is written above it."""
    names = {**names, "end": end}
    steps = [*names]
    return f"{HEAD}\nclass F(FlowSpec):\n" + "".join(
        f"{''.join(f'    {above}{chr(10)}' for above in [names.get(name, '')] if above)}    @step\n    def {name}(self):\n"
        f"        {f'self.next(self.{after})' if after else 'pass'}\n\n"
        for name, after in zip(steps, [*steps[1:], ""])
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flow.py").write_text(WIDE)
    return tmp_path


def argo(folder: Path, *words: str) -> dict[str, list[str]]:
    """The arguments of each container of the flow's spec for Argo, by its step."""
    command = ("compile", "flow.py", "-t", "argo", "--store", "s3://b", "-o", "-", *words)
    (template, *_) = documents(flowc(*command, cwd=folder, check=True).stdout)
    pods = [one["container"]["args"] for one in template["spec"]["templates"] if "container" in one]
    return {args[args.index("--step") + 1]: args for args in pods}


def within(args: list[str]) -> str:
    return args[args.index("--within") + 1] if "--within" in args else ""


def said(folder: Path, *words: str) -> list[str]:
    """The codes of what `flowc check` says."""
    done = flowc("check", "flow.py", "--store", "s3://b", "--format", "concise", *words, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return re.findall(r"^(?:\S+:\d+:\d+ )?(FLOW\d{3}) ", done.stderr, re.MULTILINE)


def test_a_flow_of_containers_is_compiled(folder: Path) -> None:
    assert {step: within(args) for step, args in argo(folder, "--optimize").items()} == {
        "start": "start,load", "measure": "measure", "join": "join,again,end",
    }  # fmt: skip
    assert argo(folder, "--optimize")["start"][-4:] == ["--containers", "16", "--report", "files:/tmp/flowc"]


def test_every_target_gets_the_same_containers(folder: Path) -> None:
    for target in ("step-functions", "airflow"):
        command = ("compile", "flow.py", "-t", target, "--store", "s3://b", "--optimize", "-o", "out")
        flowc(*command, cwd=folder, check=True)
        text = "".join(path.read_text() for path in (folder / "out" / target).iterdir())
        assert text.count('"join,again,end"') == 1 and text.count('"--within"') == 3


def test_the_code_package_is_that_of_the_flow_as_written(folder: Path) -> None:
    for words in (["-o", "a"], ["-o", "b", "--optimize"]):
        flowc("compile", "flow.py", "-t", "argo", "--store", "s3://b", *words, cwd=folder, check=True)
    packages = {path.name for path in [*(folder / "a" / "code").iterdir(), *(folder / "b" / "code").iterdir()]}
    assert len(packages) == 1
    assert "optimize containers=16" in (folder / "b" / "argo" / "f.argo.yaml").read_text()
    assert "optimize" not in (folder / "a" / "argo" / "f.argo.yaml").read_text()


def test_compile_says_what_shares_a_container(folder: Path) -> None:
    done = flowc("compile", "flow.py", "-t", "argo", "--store", "s3://b", "--optimize", cwd=folder, check=True)
    expected = "on argo, 6 steps → 3 containers; measure: 2,000 items → 16 containers of 125\n"
    assert expected in done.stdout
    done = flowc("compile", "flow.py", "-t", "argo", "--store", "s3://b", cwd=folder, check=True)
    assert "on argo, all visits of again → one container\n  `again`: a loop of pods on Argo" in done.stdout
    done = flowc("compile", "flow.py", "-t", "step-functions", "--store", "s3://b", cwd=folder, check=True)
    assert "container" not in done.stdout.partition("before a run")[0]


def test_containers_are_shared_where_the_target_needs_it(folder: Path) -> None:
    assert said(folder, "-t", "airflow") == ["FLOW506", "FLOW506"]
    assert said(folder, "-t", "argo") == ["FLOW506"]
    assert said(folder, "-t", "argo", "--max-visits", "96") == []
    assert said(folder, "-t", "step-functions") == []
    assert said(folder, "-t", "airflow", "--optimize") == []  # it was asked for
    assert {step: within(args) for step, args in argo(folder).items() if within(args)} == {"again": "again"}


def test_a_foreach_that_cannot_be_divided_is_refused_as_before(folder: Path) -> None:
    """Its items part at a switch whose cases have different images."""
    source = WIDE.replace(
        "        self.next(self.join)\n",
        """        self.next({"a": self.one, "b": self.two}, condition="result")

    @kubernetes(image="one")
    @step
    def one(self):
        self.next(self.last)

    @kubernetes(image="two")
    @step
    def two(self):
        self.next(self.last)

    @step
    def last(self):
        self.next(self.join)
""",
        1,
    ).replace('    @catch(var="problem")\n', "")
    (folder / "flow.py").write_text(source)
    assert set(said(folder, "-t", "airflow")) == {"FLOW574", "FLOW506"}


def test_a_decorator_inside_is_refused_at_its_place(folder: Path) -> None:
    above = "@kubernetes(persistent_volume_claims={'data': '/flowc'})"
    (folder / "flow.py").write_text(line({"start": above, "fit": above}))
    done = flowc("check", "flow.py", "-t", "argo", "--store", "s3://b", "--optimize", "--format", "concise", cwd=folder)
    places = re.findall(r"^flow.py:(\d+):\d+ FLOW555 step `(\w+)`", done.stderr, re.MULTILINE)
    assert [name for _, name in places] == ["start", "fit"]


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("@kubernetes(image='torch')", 3),
        ("@kubernetes(secrets='keys')", 3),
        ("@kubernetes(service_account='robot')", 3),
        ("@kubernetes(node_selector={'pool': 'spot'})", 3),
        ("@kubernetes(tolerations=[{'key': 'gpu', 'operator': 'Exists'}])", 3),
        ("@kubernetes(persistent_volume_claims={'data': '/data'})", 3),
        ("@environment(vars={'A': '1'})", 3),
        ("@resources(cpu=2)", 3),
        ("@resources(gpu=1)", 3),
        ("@retry(times=3)", 1),
        ("@catch(var='problem')", 1),
        ("@timeout(minutes=3)", 1),
        ("@card", 1),
    ],
)
def test_who_shares_a_container(above: str, expected: int, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(line({"start": "", "fit": above}))
    assert len(argo(tmp_path, "--optimize")) == expected
    (tmp_path / "flow.py").write_text(line({"start": above, "fit": above}))
    assert len(argo(tmp_path, "--optimize")) == (2 if expected > 1 else 1)


def test_the_image_of_the_flow_is_that_of_a_step_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(line({"start": "@kubernetes(image='torch')", "fit": "@kubernetes()"}))
    assert len(argo(tmp_path, "--optimize")) == 3
    assert len(argo(tmp_path, "--optimize", "--image", "torch")) == 2


def test_the_largest_size_counts_if_sizes_may_differ(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        line(
            {"start": "@resources(cpu=2, memory=500)", "fit": "@resources(memory=900)"},
            end="@resources(cpu=1, memory=100)",
        )
    )
    (tmp_path / "pyproject.toml").write_text('[tool.flowc.optimize]\nsizes = "largest"\n')
    ((_, args),) = argo(tmp_path).items()
    assert args[-4:] == ["--cores", "2", "--memory", "900"]


def test_the_size_of_a_container_is_a_setting(folder: Path) -> None:
    text = "[tool.flowc.optimize.steps.measure]\ncpu = 8\nmemory = 4000\nitems = 250\n"
    (folder / "pyproject.toml").write_text(text)
    arguments = argo(folder)
    assert arguments["measure"][-4:] == ["--cores", "8", "--memory", "4000"]
    assert arguments["start"][-4:-2] == ["--items", "250"]
    done = flowc("compile", "flow.py", "-t", "argo", "--store", "s3://b", cwd=folder, check=True)
    assert "measure: 2,000 items → 8 containers of 250" in done.stdout


def test_gangs_share_nothing(tmp_path: Path) -> None:
    shown = json.loads(flowc("show", str(FLOWS["gang"]), "-t", "argo", "--optimize", "--json", check=True).stdout)
    for container in shown["targets"]["argo"]["containers"]:
        assert len(container["steps"]) == 1 or not {"start", "train"} & set(container["steps"]), container


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("[tool.flowc]\noptimize = 'yes'\n", 2, "neither true, false nor a table"),
        ("[tool.flowc.optimize]\ncontainer = 3\n", 2, "unknown setting `container`"),
        ("[tool.flowc.optimize]\ncontainers = -1\n", 2, "invalid `containers`: `-1`"),
        ("[tool.flowc.optimize]\ncontainers = true\n", 2, "invalid `containers`: `True`"),
        ("[tool.flowc.optimize]\n\nitems = 1.5\n", 3, "invalid `items`: `1.5`"),
        ("[tool.flowc.optimize]\nfuse = 1\n", 2, "invalid `fuse`: `1`"),
        ("[tool.flowc.optimize]\nsizes = 'all'\n", 2, "invalid `sizes`: `all`"),
        ("[tool.flowc.optimize]\nsteps = 3\n", 2, "`steps` of `optimize` that are not a table"),
        ("[tool.flowc.optimize.steps]\nfit = 3\n", 2, "for step `fit` that are not a table"),
        ("[tool.flowc.optimize.steps.fit]\nitem = 3\n", 2, "unknown setting `item`"),
        ("[tool.flowc.optimize.steps.fit]\ncpu = 0\n", 2, "invalid `cpu`: `0`"),
        ("[tool.flowc.optimize.steps.fit]\nmemory = '4 GB'\n", 2, "invalid `memory`: `4 GB`"),
        ("[tool.flowc.optimize.steps.fit]\ntogether = 'no'\n", 2, "invalid `together`: `no`"),
    ],
)
def test_a_wrong_setting_is_refused_at_its_place(text: str, place: int, what: str, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(text)
    done = flowc("check", "flow.py", "--format", "concise", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"pyproject.toml:{place}:1 FLOW604 ") and what in done.stderr
    assert done.stderr.strip().partition("; ")[2], "a remedy"
    assert flowc("check", "flow.py", "--isolated", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("measur", ["FLOW606"]),  # nearly a step's name
        ("load", ["FLOW606"]),  # begins the foreach, its items begin with `measure`
        ("of_another_flow", []),
        ("measure", []),
    ],
)
def test_settings_without_effect_are_reported(text: str, expected: list[str], folder: Path) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.flowc.optimize.steps.{text}]\nitems = 3\n")
    assert said(folder) == expected


def test_settings_turn_it_on_and_off(folder: Path) -> None:
    for text, expected in (
        ("optimize = true", 3), ("optimize = false", 6), ("[tool.flowc.optimize]\nfuse = false", 6),
    ):  # fmt: skip
        (folder / "pyproject.toml").write_text(f"[tool.flowc]\n{text}\n")
        assert len(argo(folder)) == expected
    (folder / "pyproject.toml").write_text("[tool.flowc]\noptimize = false\n")
    assert len(argo(folder, "--optimize")) == 3


# ── show ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_show_says_what_shares_a_container_and_why_others_do_not(folder: Path) -> None:
    text = flowc("show", "flow.py", "-t", "argo", "--optimize", cwd=folder, check=True).stdout
    for row in (
        "containers on argo: 6 steps → 3 containers; measure: 2,000 items → 16 containers of 125",
        "  join     join, again, end; all visits of again",
        "  measure  for several items",
        "  start > measure  the items of the foreach run in containers of their own",
        "  measure > join   `join` waits for all items of the foreach",
    ):
        assert row in text.splitlines()
    text = flowc("show", "flow.py", "-t", "step-functions,argo", cwd=folder, check=True).stdout
    assert "containers on step-functions\n  every step has a container of its own" in text
    assert "shared because argo needs it\n  again  a loop of pods on Argo" in text


def test_show_in_other_formats(folder: Path) -> None:
    shown = json.loads(flowc("show", "flow.py", "-t", "argo", "--optimize", "--json", cwd=folder, check=True).stdout)
    containers = shown["targets"]["argo"]["containers"]
    assert containers[0] == {"step": "start", "steps": ["start", "load"], "containers": 16}
    assert {"step": "measure", "steps": ["measure"], "is_chunk": True} in containers
    for form in ("mermaid", "dot", "svg"):
        command = ("show", "flow.py", "-t", "argo", "--optimize", "--format", form)
        assert "join, again, end" in flowc(*command, cwd=folder, check=True).stdout
    assert flowc("show", "flow.py", "--optimize", cwd=folder).returncode == 2
    assert flowc("show", "flow.py", "-t", "argo,airflow", "--format", "dot", cwd=folder).returncode == 2


@pytest.mark.parametrize("words", [["check", "flow.py", "-t", "argo,step-functions,airflow"], ["show", "flow.py"]])
def test_nothing_of_the_optimizer_is_imported_unless_it_is_needed(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(line({"start": "", "fit": "@retry(times=2)"}))
    script = (
        f"import sys; from flowc.cli import main; main({[*words]!r});"
        "print([name for name in sys.modules if 'optimiz' in name or 'container_report' in name])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr

"""Plug-ins: decorators of installed packages and of projects, checked, compiled and run like flowc's own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.compiler.report.diagnostics import Refused
from flowc.targets.target import names

from flowc.flow_source import load_flow
from flowc.runtime_bundle import write_folder
from tests.support.building import documents, package_of
from tests.support.environment import environment
from tests.support.running import LIMIT, Done, artifacts, flowc

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme_flows"
PLUGIN = '''"""`@tracked(team="ml")`: the step's costs are those of a team."""

LEVEL = "{level}"
ATTRIBUTES = {{"team": "ml"}}
AROUND = "tracked_task.py"
MODULES = ("platform_flows",)


def asks(decorator, owner):
    team = decorator.attributes["team"]
    return {{"kubernetes": {{"labels": {{"team": team}}, "memory": 512}}, "environment": {{"vars": {{"TEAM": team}}}}}}
'''
AROUND = """import os


def around(step_name, flow, inputs, attributes):
    flow.tracked = f"{step_name} of {attributes['team']}, {os.environ['TEAM']}"
    yield
    print("tracked", step_name)
"""
FLOW = """from {module} import tracked
from metaflow import FlowSpec, kubernetes, step


class Example(FlowSpec):
    {above}
    @step
    def start(self):
        self.seen = self.tracked
        self.next(self.end)

    @step
    def end(self):
        print(self.seen)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which pip has installed the example."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    options = ("--no-index", "--no-build-isolation", "--no-deps", "--quiet", "--target", str(folder / "packages"))
    pip = [sys.executable, "-m", "pip", "install", *options, str(source)]
    done = subprocess.run(pip, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "packages"


def project(
    folder: Path, plugin: str = "", *, module: str = "metaflow", above: str = "@tracked", level: str = "step"
) -> Path:
    """A repository whose settings name a plug-in."""
    (folder / "tools").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "pyproject.toml").write_text('[tool.flowc]\nplugins = ["tools/tracked.py"]\n')
    (folder / "tools/tracked.py").write_text(plugin or PLUGIN.format(level=level))
    (folder / "tools/tracked_task.py").write_text(AROUND)
    (folder / "flow.py").write_text(FLOW.format(module=module, above=above))
    return folder


def said(done: Done, code: int) -> str:
    assert done.returncode == code and "Traceback" not in done.stderr, done.stdout + done.stderr
    return done.stdout + done.stderr


def decorators(folder: Path, step: int = 0, *options: str) -> dict[str, dict[str, object]]:
    data = json.loads(flowc("show", "flow.py", "--json", *options, cwd=folder, check=True).stdout)
    return {each["name"]: each["attributes"] for each in data["flow"]["steps"][step]["decorators"]}


# ── the page ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_s_excerpts_are_of_the_example() -> None:
    page = (EXAMPLE.parents[1] / "docs/plugins.md").read_text()
    excerpts = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", page, re.DOTALL)
    assert len(excerpts) == 3
    for path, text in excerpts:
        assert text in (EXAMPLE.parents[1] / path).read_text(), path


# ── the example ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_compiles_to_every_target(site: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "flow.py", tmp_path)
    env = {"PYTHONPATH": str(site)}
    options = ("--store", "s3://bucket/flows", "--output", "-")
    specs = {
        target: flowc("compile", "flow.py", "--target", target, *options, cwd=tmp_path, env=env, check=True).stdout
        for target in names()
    }
    assert all("plug-in acme_flows.gpu_pool (acme-flows 1.2.0, sha256:" in spec for spec in specs.values())
    train = next(each for each in documents(specs["argo"])[0]["spec"]["templates"] if each["name"] == "train")
    assert train["nodeSelector"] == train["metadata"]["labels"] == {"acme.example/pool": "training"}
    assert train["container"]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert "acme-training" in specs["step-functions"] and "'acme.example/pool': 'training'" in specs["airflow"].replace(
        '"', "'"
    )


def test_the_example_runs(site: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "flow.py", tmp_path)
    env = {"PYTHONPATH": str(site)}
    done = flowc("run", "flow.py", "--store", "store", "--run-id", "r", cwd=tmp_path, env=env)
    assert "train has 2 GPU of pool training" in said(done, 0)
    assert float(artifacts(tmp_path / "store", "end")["gpu_seconds"]) >= 0


def test_the_example_s_own_tests_pass(site: Path, tmp_path: Path) -> None:
    env = {**environment("FLOWC_"), "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr


def test_without_the_package_a_message_names_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "flow.py", tmp_path)
    text = said(flowc("check", "flow.py", cwd=tmp_path), 0)
    assert "FLOW143" in text and "`@gpu_pool` is from `acme_flows`" in text and "plug-in" in text
    flow = (tmp_path / "flow.py").read_text().replace("from acme_flows", "from metaflow")
    (tmp_path / "flow.py").write_text(flow)
    text = said(flowc("check", "flow.py", cwd=tmp_path), 1)
    assert "FLOW110" in text and "install its package beside flowc" in text


def test_a_package_that_settings_name_must_be_installed(site: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "flow.py", tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nplugins = ["Acme_Flows"]\n')
    assert "`pip install Acme_Flows`" in said(flowc("check", "flow.py", cwd=tmp_path), 1)
    assert said(flowc("check", "flow.py", cwd=tmp_path, env={"PYTHONPATH": str(site)}), 0)


@pytest.mark.parametrize("module", ["acme_flows", "metaflow", "flowc"])
def test_python_starts_the_example_too(module: str, site: Path, tmp_path: Path) -> None:
    text = (EXAMPLE / "flow.py").read_text().replace("from acme_flows", f"from {module}")
    (tmp_path / "flow.py").write_text(text)
    env = {**environment("FLOWC_"), "PYTHONPATH": str(site), "FLOWC_STORE": str(tmp_path / "store")}
    command = [sys.executable, "flow.py", "run", "--run-id", "r"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT)
    assert "train has 2 GPU of pool training" in said(done, 0)


# ── a project's own ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("module", ["metaflow", "flowc", "platform_flows"])
def test_a_file_of_the_project_is_a_plugin(module: str, tmp_path: Path) -> None:
    folder = project(tmp_path / "project", module=module)
    assert said(flowc("check", "flow.py", cwd=folder), 0)
    asked = decorators(folder)
    assert asked["tracked"] == {"team": "ml"} and asked["environment"] == {"vars": {"TEAM": "ml"}}
    done = flowc("run", "flow.py", "--store", "store", "--run-id", "r", cwd=folder)
    assert "tracked start" in said(done, 0)
    assert artifacts(folder / "store", "end")["seen"] == "'start of ml, ml'"


def test_each_flow_has_the_plugins_of_its_own_settings(tmp_path: Path) -> None:
    one = project(tmp_path / "one")
    other = project(tmp_path / "other", PLUGIN.format(level="step").replace('"ml"', '"ads"'))
    none = project(tmp_path / "none")
    (none / "pyproject.toml").unlink()
    for folder, team in ((one, "ml"), (other, "ads"), (one, "ml")):
        asked = {decorator.name: decorator for decorator in load_flow(str(folder / "flow.py")).flow.steps[0].decorators}
        assert asked["tracked"].attributes == {"team": team}
        with pytest.raises(Refused) as refused:
            load_flow(str(none / "flow.py"))
        assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["FLOW110"]


@pytest.mark.parametrize("module", ["metaflow", "platform_flows"])
def test_it_runs_in_a_container_that_has_no_plugin(module: str, tmp_path: Path) -> None:
    """The container has the bundle and the code package, and nothing of the project."""
    folder = project(tmp_path / "project", module=module, above='@tracked(team="ads")')
    program = load_flow(str(folder / "flow.py"))
    assert sorted(program.files) == ["flow.py", "flowc_plugins/tracked.py"]
    code = package_of(program, tmp_path / "store")
    shutil.rmtree(folder)
    write_folder(str(tmp_path / "bundle"))
    env = {
        **environment("FLOWC_", "AWS_", "PYTHONPATH"),
        "FLOWC_STORE": str(tmp_path / "store"),
        "FLOWC_FLOW": "Example",
        "FLOWC_RUN": "r",
        "FLOWC_CODE": code,
        "FLOWC_TARGET": "argo",
    }
    for step in ("start", "end"):
        command = [sys.executable, "-S", str(tmp_path / "bundle"), "task", "--step", step, "--path", "-"]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "start of ads, ads" in done.stdout


def test_what_the_author_wrote_wins(tmp_path: Path) -> None:
    above = '@kubernetes(memory=4000, labels={"tier": "a"})\n    @tracked'
    asked = decorators(project(tmp_path / "project", above=above))
    assert asked["kubernetes"]["memory"] == 4000 and asked["kubernetes"]["labels"] == {"tier": "a", "team": "ml"}


def test_a_job_keeps_what_the_author_said_of_a_pod(site: Path, tmp_path: Path) -> None:
    """AWS Batch reads `@batch` alone, which the plug-in asks for; the author wrote `@kubernetes`."""
    text = (
        (EXAMPLE / "flow.py").read_text().replace("@resources(memory=16000)", "@kubernetes(memory=9000, image='i:1')")
    )
    (tmp_path / "flow.py").write_text(text.replace("import FlowSpec, resources", "import FlowSpec, kubernetes"))
    options = ("--target", "step-functions", "--store", "s3://bucket/flows", "--output", "specs")
    flowc("compile", "flow.py", *options, cwd=tmp_path, env={"PYTHONPATH": str(site)}, check=True)
    specs = "".join(path.read_text() for path in (tmp_path / "specs/step-functions").rglob("*.json"))
    assert '"i:1"' in specs and '"9000"' in specs and "acme-training" in specs


def test_it_can_stand_on_the_flow(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", level="flow")
    flow = FLOW.format(module="metaflow", above="@kubernetes").replace("class Ex", '@tracked(team="all")\nclass Ex')
    (folder / "flow.py").write_text(flow)
    assert decorators(folder, 0)["kubernetes"]["labels"] == decorators(folder, 1)["kubernetes"]["labels"]
    text = said(flowc("run", "flow.py", "--store", "store", "--run-id", "r", cwd=folder), 0)
    assert "tracked start" in text and "tracked end" in text


def test_it_can_come_from_the_command_line(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", above="@kubernetes")
    (folder / "flow.py").write_text((folder / "flow.py").read_text().replace("import tracked", "import retry"))
    assert decorators(folder, 1, "--with", "tracked:team=x")["kubernetes"]["labels"] == {"team": "x"}
    options = ("--with", "tracked:team=x", "--store", "store", "--run-id", "r")
    assert "tracked end" in said(flowc("run", "flow.py", *options, cwd=folder), 0)


def test_a_wrapper_may_apply_it(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", module="platform_flows", above="@standard")
    wrapper = 'def standard(step):\n    return tracked(team="core")(step)\n\n\nclass Ex'
    (folder / "flow.py").write_text((folder / "flow.py").read_text().replace("class Ex", wrapper))
    assert decorators(folder)["kubernetes"]["labels"] == {"team": "core"}
    assert "tracked start" in said(flowc("run", "flow.py", "--store", "store", "--run-id", "r", cwd=folder), 0)


def test_mutators_see_it(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", module="platform_flows")
    mutator = """class Renamed(FlowMutator):
    def mutate(self, mutable_flow):
        for name, step in mutable_flow.steps:
            for each in list(step.decorator_specs):
                if each[0] == "tracked":
                    step.add_decorator("tracked", deco_kwargs={"team": "changed"}, duplicates=step.OVERRIDE)


@Renamed
class Ex"""
    text = (
        (folder / "flow.py").read_text().replace("class Ex", mutator).replace("FlowSpec, k", "FlowMutator, FlowSpec, k")
    )
    (folder / "flow.py").write_text(text)
    assert decorators(folder, 0, "--run-mutators")["tracked"] == {"team": "changed"}
    done = flowc("run", "flow.py", "--store", "store", "--run-id", "r", cwd=folder)
    assert "tracked start" in said(done, 0)
    assert artifacts(folder / "store", "end")["seen"] == "'start of changed, changed'"


def test_a_target_that_it_does_not_know_is_refused(tmp_path: Path) -> None:
    plugin = PLUGIN.format(level="step") + 'TARGETS = ("argo",)\nWHY = "its costs are unknown"\nHOW = "use Argo"\n'
    folder = project(tmp_path / "project", plugin)
    options = ("--store", "s3://bucket/flows", "--output", "-")
    assert said(flowc("compile", "flow.py", "--target", "argo", *options, cwd=folder), 0)
    text = said(flowc("compile", "flow.py", "--target", "airflow", *options, cwd=folder), 1)
    assert "FLOW501" in text and "its costs are unknown" in text


def test_an_ir_with_a_plugin_compiles_as_its_source_does(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    (folder / "flow.json").write_text(flowc("show", "flow.py", "--json", cwd=folder, check=True).stdout)
    options = ("--target", "argo", "--store", "s3://bucket/flows", "--output", "-")
    specs = [flowc("compile", file, *options, cwd=folder, check=True).stdout for file in ("flow.py", "flow.json")]
    assert specs[0] == specs[1]


# ── broken ones ──────────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = PLUGIN.format(level="step")
BROKEN = {
    "a syntax error": ("LEVEL = \n", "has a syntax error in line 1"),
    "not UTF-8": ("# -*- coding: nonsense -*-\n" + GOOD, "has a syntax error"),
    "no LEVEL": (GOOD.replace("LEVEL", "LEVELS"), "has no `LEVEL`"),
    "no ATTRIBUTES": (GOOD.replace("ATTRIBUTES", "ATTRS"), "has no `ATTRIBUTES`"),
    "a wrong level": (GOOD.replace('"step"', '"task"'), "invalid LEVEL: 'task'"),
    "a wrong default": (GOOD.replace('"ml"}', "object()}", 1), "a default in ATTRIBUTES that no spec can contain"),
    "an import that fails": ("import not_installed_anywhere\n" + GOOD, "cannot be loaded: ModuleNotFoundError"),
    "an exit": ("raise SystemExit(3)\n", "cannot be loaded: SystemExit: 3"),
    "a check that raises": (GOOD + "def check(d, o):\n    return 1 / 0\n", "fails in its `check`: ZeroDivisionError"),
    "a check that yields text": (GOOD + "def check(d, o):\n    yield 'no'\n", "yields 'no' from its `check`"),
    "a check that is no function": (GOOD + "check = 3\n", "has a `check` that is not a function"),
    "asks that raises": (GOOD + "def asks(d, o):\n    return d.nothing\n", "fails in its `asks`: AttributeError"),
    "asks for an unknown decorator": (GOOD + "def asks(d, o):\n    return {'gpu': {}}\n", "asks for `gpu`"),
    "asks for an unknown attribute": (
        GOOD + "def asks(d, o):\n    return {'kubernetes': {'label': 1}}\n",
        "asks for `label` of `@kubernetes`",
    ),
    "asks for what is no data": (
        GOOD + "def asks(d, o):\n    return {'kubernetes': {'labels': {'a': object}}}\n",
        "fails in its `asks`: ValueError",
    ),
    "no file around": (GOOD.replace("tracked_task.py", "other_task.py"), "has an AROUND that cannot be read"),
    "a file around elsewhere": (GOOD.replace("tracked_task.py", "../tracked_task.py"), "has an invalid AROUND"),
    "no generator around": (GOOD.replace("tracked_task.py", "tracked.py"), "without a generator `around`"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named(case: str, tmp_path: Path) -> None:
    plugin, expected = BROKEN[case]
    folder = project(tmp_path / "project", plugin)
    text = said(flowc("check", "flow.py", cwd=folder), 1)
    assert "FLOW123" in text and "the plug-in `tracked` of `tools/tracked.py`" in text and expected in text


def test_a_broken_plugin_of_the_command_line_is_named(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", "LEVEL = 3\nATTRIBUTES = {}\n", above="@kubernetes")
    (folder / "flow.py").write_text((folder / "flow.py").read_text().replace("import tracked", "import retry"))
    text = said(flowc("check", "flow.py", "--with", "tracked", cwd=folder), 1)
    assert "FLOW123" in text and "invalid LEVEL" in text


def test_a_diagnostic_of_its_own_has_a_page(tmp_path: Path) -> None:
    check = """from flowc.compiler.report.diagnostics import WARNING, Diagnostic
def check(d, o):
    yield Diagnostic("ACME001", "shared pools\\nare slow", None, "", "", WARNING)
"""
    folder = project(tmp_path / "project", GOOD + check)
    text = said(flowc("check", "flow.py", "--format", "sarif", cwd=folder), 0)
    (result,) = json.loads(text)["runs"][0]["results"]
    assert result["ruleId"] == "FLOW121" and "shared pools are slow" in result["message"]["text"]


def test_a_wrong_value_of_what_it_asks_for_is_reported(tmp_path: Path) -> None:
    plugin = GOOD + "def asks(d, o):\n    return {'kubernetes': {'labels': {'not a key!': 'x'}}}\n"
    text = said(flowc("check", "flow.py", cwd=project(tmp_path / "project", plugin)), 1)
    assert "FLOW121" in text and "not a valid key of a label" in text


def test_a_name_of_flowc_s_own_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", module="platform_flows", above="@retry")
    (folder / "tools/tracked.py").rename(folder / "tools/retry.py")
    (folder / "pyproject.toml").write_text('[tool.flowc]\nplugins = ["tools/retry.py"]\n')
    (folder / "flow.py").write_text((folder / "flow.py").read_text().replace("import tracked", "import retry"))
    text = said(flowc("check", "flow.py", cwd=folder), 1)
    assert "FLOW123" in text and "has the name of one of flowc's own decorators" in text


def test_a_setting_that_is_no_file_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    (folder / "tools/tracked.py").unlink()
    text = said(flowc("check", "flow.py", cwd=folder), 1)
    assert "FLOW604" in text and "`tools/tracked.py` that is not a file" in text


def test_an_entry_point_without_a_file_is_named(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    shutil.copy(EXAMPLE / "flow.py", tmp_path)
    (tmp_path / "site/acme_flows/decorators/gpu_pool.py").unlink()
    text = said(flowc("check", "flow.py", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")}), 1)
    assert "FLOW123" in text and "of `acme-flows 1.2.0` names a module that has no file" in text


def test_two_packages_with_one_name_are_named(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    other = tmp_path / "site/other-2.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Name: other\nVersion: 2\n\n")
    (other / "entry_points.txt").write_text("[flowc.decorators]\ngpu_pool = other.gpu_pool\n")
    shutil.copy(EXAMPLE / "flow.py", tmp_path)
    text = said(flowc("check", "flow.py", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")}), 1)
    assert "FLOW123" in text and "is also a plug-in of `other 2`" in text


@pytest.mark.parametrize("command", [["check", "flow.py"], ["compile", "flow.py", "-t", "argo", "-o", "out"]])
def test_a_flow_without_plugins_does_not_look_for_any(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(module="metaflow", above="@tracked").replace("tracked", "retry"))
    script = (
        f"import sys; from flowc.cli import main; main({command});"
        "print([name for name in sys.modules if 'plugins' in name or name.startswith('importlib.metadata')])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr

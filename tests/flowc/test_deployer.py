"""`Deployer` without an engine: its arguments and errors, as Metaflow has them (its documentation, Deployer)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.targets.operating import ADD, Change, Deployed, EngineRun

from flowc import DeployedFlow, Deployer
from flowc.deployer import NBDeployer, NBDeployerInitializationError
from flowc.deploying.from_python import DeploymentError
from flowc.triggered_run import TriggeredRun
from tests.flowc.test_runner import notebook
from tests.support.environment import environment

FLOW = """from metaflow import FlowSpec, Parameter, step


class F(FlowSpec):
    alpha = Parameter("alpha", default=1)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "flow.py").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    for name in ("FLOWC_CONTEXT", "KUBECONFIG", "METAFLOW_DEFAULT_FROM_DEPLOYMENT_IMPL"):
        monkeypatch.delenv(name, raising=False)
    return "flow.py"


def test_only_the_spec(flow: str) -> None:
    """`only_json` needs no engine, and writes nothing."""
    deployer = Deployer(flow, show_output=False, decospecs=["retry:times=3"]).argo_workflows(name="mine")
    deployed = deployer.create(only_json=True, store="s3://b/p", max_workers=7)
    assert deployed.workflow_template is not None
    assert deployed.workflow_template["metadata"]["name"] == "mine" == deployer.name
    assert deployed.workflow_template["spec"]["parallelism"] == 7
    assert "limit: 3" in str(deployed.workflow_template["spec"]).replace("'", "")
    assert (deployed.flow_name, deployed.metadata, deployed.production_token) == ("F", "local@s3://b/p", None)
    assert os.listdir() == ["flow.py"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"beta": 1}, ValueError, "Unknown argument: 'beta', possible args are: "),
        ({"tags": ["x"]}, ValueError, "`tags` is not supported: give tags to each run"),
        ({"user_namespace": "x"}, ValueError, "`user_namespace` is not supported"),
        ({"given_token": "x"}, ValueError, "roles of the orchestrator"),
        ({"notify_on_error": True}, ValueError, "`notify_on_error` is not supported: let the cluster"),
        ({"map": "distributed"}, ValueError, "Unknown argument: 'map'"),
        ({"auto_emit_argo_events": False, "tags": [], "given_token": None}, DeploymentError, "no cluster"),
        ({"enable_error_msg_capture": True, "max_workers": 5}, RuntimeError, "no cluster"),
        ({}, ValueError, "the datastore is missing"),
    ],
)
def test_options_of_create(options: dict[str, object], error: type[Exception], message: str, flow: str) -> None:
    store = {} if "missing" in message else {"store": "s3://b/p"}
    with pytest.raises(error, match=message):
        Deployer(flow, show_output=False).argo_workflows().create(**store, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"datastore": "s3"}, "give the datastore to the command"), ({"nonsense": 1}, "unknown option `--nonsense`")],
)
def test_options_before_the_command(options: dict[str, object], message: str, flow: str) -> None:
    with pytest.raises(ValueError, match=message):
        Deployer(flow, **options).argo_workflows().create(only_json=True, store="s3://b/p")  # type: ignore[arg-type]
    fine = Deployer(flow, metadata="local", quiet=False, pylint=True, branch=None)
    assert fine.argo_workflows().create(only_json=True, store="s3://b/p").name == "f"


def test_a_flow_that_is_refused(flow: str) -> None:
    Path(flow).write_text(FLOW.replace("self.next(self.end)", "self.next(self.nd)"))
    with pytest.raises(DeploymentError, match="FLOW"):
        Deployer(flow).argo_workflows().create(only_json=True, store="s3://b/p")


def test_where_it_works(flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cwd` and `env` hold while it works, and not after."""
    (tmp_path / "pyproject.toml").write_text('[tool.flowc.contexts.c]\ntarget = "argo"\nstore = "s3://b/p"\n')
    monkeypatch.chdir("/")
    monkeypatch.setenv("KEPT", "1")
    deployer = Deployer(
        flow, env={"KUBECONFIG": "/nowhere", "KEPT": "2"}, cwd=str(tmp_path), context="c"
    ).argo_workflows()
    assert deployer.create(only_json=True).name == "f"
    with pytest.raises(DeploymentError, match="no cluster is configured"):
        deployer.plan()
    assert os.getcwd() == "/" and os.environ["KEPT"] == "1" and "KUBECONFIG" not in os.environ


def test_the_kubeconfig_is_that_of_now(flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes' client keeps the KUBECONFIG that there was when it was imported."""
    from kubernetes.config import kube_config

    (tmp_path / "earlier").write_text(
        "{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}], "
        "users: [{name: c, user: {}}], contexts: [{name: c, context: {cluster: c, user: c}}]}"
    )
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "earlier"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(DeploymentError, match="no cluster is configured"):
        DeployedFlow.from_argo_workflows("f")


def test_unknown_deployers(flow: str) -> None:
    with pytest.raises(ValueError, match="No deployer 'x' exists; valid deployers are: \\["):
        DeployedFlow.from_deployment("f", impl="x")
    with pytest.raises(DeploymentError, match="no cluster is configured"):
        DeployedFlow.from_argo_workflows("f")
    with pytest.raises(DeploymentError, match="no cluster is configured"):
        list(DeployedFlow.list_argo_workflows())
    with pytest.raises(DeploymentError, match="no cluster is configured"):
        DeployedFlow.get_triggered_argo_workflows_run("f", "argo-x")


class Engine:
    """An engine in memory, with one run whose state the test sets."""

    where = {"namespace": "n"}
    keeps_runs = True
    state = "pending"

    def run(self, name: str) -> EngineRun:
        return EngineRun("r-1", "r", "F", "f", self.state)

    def runs(self, name: str, under_way: bool = False) -> tuple[EngineRun, ...]:
        return (self.run(name),)

    def changes(self, *_: object) -> tuple[Change, ...]:
        return (Change(ADD, "Thing", "f"),)


def test_a_run_that_is_waited_for() -> None:
    engine = Engine()
    run = TriggeredRun(DeployedFlow(engine, Deployed("f", "F", "", ""), "argo-workflows"), engine.run("r"))
    assert (run.status, run.is_running, run.pathspec, run.run) == ("Pending", True, "F/r-1", None)
    with pytest.raises(TimeoutError, match="^Timed out waiting for the run object to become available.$"):
        run.wait_for_run(0.01, 0.02)
    with pytest.raises(TimeoutError, match="^Workflow did not complete within specified timeout.$"):
        run.wait_for_completion(0.01, 0.02)
    for state, status in (("running", "Running"), ("suspended", "Running"), ("succeeded", "Succeeded")):
        engine.state = state
        assert run.status == status
    for state in ("failed", "terminated", "timed-out"):
        engine.state = state
        assert (run.status, run.is_running, run.wait_for_completion()) == ("Failed", False, state)


def test_the_runs_of_a_deployment() -> None:
    engine = Engine()
    engine.state = "terminated"
    flow = DeployedFlow(engine, Deployed("f", "F", "", ""), "step-functions")
    assert [run.id for run in flow.list_runs(["ABORTED"])] == ["r-1"] == [run.id for run in flow.list_runs()]
    assert flow.list_runs(["FAILED", "RUNNING"]) == [] == flow.list_runs(["timed-out"])
    with pytest.raises(ValueError, match="unknown state 'GONE'"):
        flow.list_runs(["GONE"])
    with pytest.raises(ValueError, match="given twice"):
        flow.list_runs(["FAILED", "failed"])


CELL = """\
from flowc import FlowSpec, NBDeployer, step

class InCell(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self): pass

deployer = NBDeployer(InCell, show_output=False)
made = deployer.argo_workflows().create(only_json=True, store="s3://b/p")
print("MADE", made.name, made.workflow_template["kind"])
deployer.cleanup()
"""


def test_a_flow_in_a_notebook(tmp_path: Path) -> None:
    printed = notebook(tmp_path, CELL)
    assert "MADE incell WorkflowTemplate\n" in printed and "FILES []\n" in printed, printed


def test_no_flow_outside_a_notebook() -> None:
    with pytest.raises(NBDeployerInitializationError, match="NBDeployer works only in a notebook"):
        NBDeployer(object)


def test_it_imports_neither_the_flow_nor_a_client(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text("print('imported')\n" + FLOW)
    code = (
        "import sys\nfrom metaflow import Deployer\nfrom metaflow.runner.deployer import TriggeredRun\n"
        "Deployer('flow.py').argo_workflows().create(only_json=True, store='s3://b/p')\n"
        "assert not {'kubernetes', 'boto3'} & set(sys.modules)\n"
    )
    alias = "from flowc.runtime_shim.api.metaflow_alias import install; install()\n"
    done = subprocess.run(
        [sys.executable, "-c", alias + code], cwd=tmp_path, env=environment("FLOWC_"), capture_output=True, text=True
    )
    assert done.returncode == 0 and "imported" not in done.stdout, done.stdout + done.stderr

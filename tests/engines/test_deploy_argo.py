"""`flowc plan`, `deploy`, `trigger` and the other verbs on a real cluster with the real Argo."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import ROOT
from tests.support.building import documents
from tests.support.package_index import PackageIndex, wheel
from tests.support.running import flowc, until

from .argo import RUNTIME, SECRET, Images
from .deploying import STORE
from .environments import FLOW as PACKED
from .environments import write
from .kill_at import KILLED
from .kubernetes.build import PYTHON
from .kubernetes.node import NAMESPACE, ApiError

pytestmark = pytest.mark.node

FLOW = """from metaflow import FlowSpec, Parameter, retry, schedule, step
{schedule}
class Train(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    rounds = Parameter("rounds", default=2)

    @step
    def start(self):
        print("alpha is", self.alpha)
        self.items = list(range(self.rounds))
        self.next(self.fit, foreach="items")

    @retry(times={times})
    @step
    def fit(self):
        self.score = self.input * self.alpha
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = [one.score for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        {end}
"""
HOURLY = "@schedule(cron='0 3 1 1 *')"


class Project:
    """A project with one flow, and a context of the cluster."""

    def __init__(self, folder: Path, images: Images, name: str) -> None:
        self.folder, self.node, self.name = folder, images.node, name
        self.environment = {**images.s3.environment, "KUBECONFIG": str(images.node.kubeconfig)}
        self.images = images
        self.context()
        self.flow()

    def context(self, more: str = "") -> None:
        (self.folder / "pyproject.toml").write_text(
            f"""[tool.flowc.contexts.test]
target = "argo"
store = "{STORE}"
namespace = "{NAMESPACE}"
name = "{self.name}"
image = "{PYTHON}"
runtime-image = "{RUNTIME}"
env-secret = "{SECRET}"
kube-context = "test"
{more}
"""
        )

    def flow(self, schedule: str = "", times: int = 1, end: str = "pass") -> None:
        (self.folder / "train.py").write_text(FLOW.format(schedule=schedule, times=times, end=end))

    def __call__(
        self, *words: str, check: bool = True, kubeconfig: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs flowc on the context, without a terminal."""
        done = flowc(
            *words, *(() if words[0] in ("compile", "diff") else ("--on", "test")), cwd=self.folder,
            env={**self.environment, **({"KUBECONFIG": str(kubeconfig)} if kubeconfig is not None else {})},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def use_role(self, role: str, rules: list[Any]) -> None:
        """Makes a service account with the role, and a kubeconfig of it, named like the role."""
        account = f"{role}-{len(self.name)}"
        binding = {
            "metadata": {"name": account}, "subjects": [{"kind": "ServiceAccount", "name": account}],
            "roleRef": {"kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": account},
        }  # fmt: skip
        of_roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
        accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
        self.node.call("POST", accounts, {"metadata": {"name": account}})
        self.node.call("POST", f"{of_roles}/roles", {"metadata": {"name": account}, "rules": rules})
        self.node.call("POST", f"{of_roles}/rolebindings", binding)
        answer = self.node.call("POST", f"{accounts}/{account}/token", {"spec": {"expirationSeconds": 3600}})
        config = json.loads(self.node.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": answer["status"]["token"]}
        (self.folder / role).write_text(json.dumps(config))

    def live(self, kind: str) -> Any:
        """The object in the cluster, or None."""
        try:
            return self.node.call("GET", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/{kind}/{self.name}")
        except ApiError as error:
            assert error.code == 404
            return None


@pytest.fixture
def project(images: Images, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    name = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:30].strip("-")
    yield Project(tmp_path, images, name)


def test_the_whole_path(project: Project) -> None:
    planned = project("plan", "train.py")
    assert "+ WorkflowTemplate/the-whole-path" in planned.stdout and "2 to add" in planned.stdout, planned.stdout
    assert project.live("workflowtemplates") is None
    assert project("plan", "train.py", "--check", check=False).returncode == 1
    refused = project("deploy", "train.py", check=False)
    assert refused.returncode == 1 and "add `--yes`" in refused.stderr
    done = project("deploy", "train.py", "--yes")
    assert "is deployed (deployment 1)" in done.stdout, done.stdout
    again = project("deploy", "train.py", "--yes")
    assert "is up to date (deployment 1)" in again.stdout, again.stdout
    assert project("plan", "train.py", "--check").returncode == 0
    wrong = project("trigger", "the-whole-path", "--alpha", "much", check=False)
    assert wrong.returncode == 2 and "alpha" in wrong.stderr, wrong.stderr
    begun = project(
        "trigger", "train.py", "--alpha", "0.25", "--rounds", "3", "--run-id", "one", "--wait", "--tag", "try"
    )
    assert "succeeded" in begun.stdout, begun.stdout
    run = project.data("status", "the-whole-path-one")
    assert run["state"] == "succeeded" and {task["state"] for task in run["tasks"]} == {"succeeded"}
    assert sorted((task["step"], task["path"]) for task in run["tasks"]) == [
        ("end", "-"), ("fit", "0"), ("fit", "1"), ("fit", "2"), ("join", "-"), ("start", "-"),
    ]  # fmt: skip
    assert project.data("status", run["run"])["run"] == run["run"]
    assert flowc("tag", "list", run["run"], "--store", STORE, env=project.environment).stdout.count("try") == 1
    same = project.data("trigger", "the-whole-path", "--alpha", "0.25", "--rounds", "3", "--run-id", "one")
    assert same["run"] == run["run"]
    values = flowc("dump", f"{run['run']}/join", "--store", STORE, "--json", env=project.environment)
    assert "0.25" in values.stdout and "0.5" in values.stdout, values.stdout


def test_environments(project: Project) -> None:
    """A deploy builds what the steps need, says so, and builds it once.

    The datastore has the environments of other tests already, so the packages here are like no others.
    """
    own = [
        wheel("apple", version, files={"apple.py": f"__version__ = {version!r}  # of a deploy\n"})
        for version in ("1.0", "2.0", "3.0")
    ]
    with PackageIndex(*own) as index:
        project.environment.update({
            "UV_DEFAULT_INDEX": index.url, "UV_CACHE_DIR": str(project.folder / "uv"), "NO_PROXY": "127.0.0.1,10.0.0.0/8",
            "FLOWC_CACHE": str(project.folder / "cache"),
        })  # fmt: skip
        flow = write(project.folder, PACKED, index.url)
        assert "warning[FLOW160]" in project("plan", flow.name).stderr, (
            "the context names an image, which may have them"
        )
        flowc("lock", flow.name, cwd=project.folder, env=project.environment, check=True)
        planned = project("plan", flow.name)
        assert "(environment `start` for linux/amd64, to be built of 1 package)" in planned.stdout, planned.stdout
        done = project("deploy", flow.name, "--yes")
        assert "building environment `end` for linux/amd64, 1 package" in done.stdout, done.stdout
        assert done.stdout.index("building environment") < done.stdout.index("added WorkflowTemplate")
    assert "is up to date" in project("deploy", flow.name, "--yes").stdout, "no index is needed any more"
    begun = project("trigger", flow.name, "--run-id", "one", "--wait")
    assert "succeeded" in begun.stdout, begun.stdout
    run = project.data("status", f"{project.name}-one")["run"]
    values = flowc("dump", f"{run}/end", "--store", STORE, "--json", env=project.environment)
    assert "1.0" in values.stdout and "2.0" in values.stdout, values.stdout


def test_a_schedule(project: Project) -> None:
    """A pause survives deploys, however the schedule was made; a removed schedule is removed, and its runs stay."""
    project.flow(HOURLY)
    planned = project("deploy", "train.py", "--yes", "--paused")
    assert "it starts paused" in planned.stdout and project.live("cronworkflows")["spec"]["suspend"] is True
    assert "is up to date" in project("plan", "train.py", "--paused").stdout
    project.flow(HOURLY.replace("3 1", "4 1"))
    changed = project("deploy", "train.py", "--yes").stdout
    assert "spec.schedules[0]" in changed and "suspend" not in changed, changed
    live = project.live("cronworkflows")
    assert live["spec"]["suspend"] is True and live["spec"]["schedules"] == ["0 4 1 1 *"]
    assert "is on" in project("unpause", project.name).stdout
    assert "nothing to do" in project("unpause", project.name).stdout
    assert project.live("cronworkflows")["spec"]["suspend"] is False
    (listed,) = [one for one in project.data("deployments") if one["name"] == project.name]
    assert listed["schedule"].startswith("0 4 1 1 *") and not listed["paused"] and listed["n"] == 2 and listed["agrees"]
    assert "is paused" in project("pause", "train.py").stdout
    assert "is up to date" in project("deploy", "train.py", "--yes").stdout
    project.flow()
    assert "- CronWorkflow" in project("deploy", "train.py", "--yes").stdout
    collect_garbage(project)
    assert project.live("cronworkflows") is None
    assert "is up to date" in project("plan", "train.py").stdout
    wrong = project("pause", project.name, check=False)
    assert wrong.returncode == 1 and "has no schedule" in wrong.stderr


def collect_garbage(project: Project) -> None:
    """Does what a cluster's garbage collector does with an object that leaves its dependents; the node has none."""
    live = project.live("cronworkflows")
    if live is not None and "deletionTimestamp" in live["metadata"]:
        assert live["metadata"]["finalizers"] == ["orphan"]
        project.node.call(
            "PATCH", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/cronworkflows/{project.name}",
            {"metadata": {"finalizers": None}}, "application/merge-patch+json",
        )  # fmt: skip


def test_history_and_rollback(project: Project) -> None:
    project("deploy", "train.py", "--yes")
    first = project.live("workflowtemplates")["spec"]
    project.flow(times=3)
    changed = project("deploy", "train.py", "--yes").stdout
    assert "spec.templates[fit].retryStrategy.limit" in changed and "1 → 3" in changed, changed
    listed = project.data("history", project.name)
    assert [(one["n"], one["action"], one["live"]) for one in listed] == [(2, "deploy", True), (1, "deploy", False)]
    project("rollback", project.name, "--yes")
    assert project.live("workflowtemplates")["spec"] == first
    listed = project.data("history", "train.py")
    assert [(one["n"], one["action"], one["live"]) for one in listed][0] == (3, "rollback", True) and listed[0][
        "to"
    ] == 1
    assert "1 to change" in project("plan", "train.py").stdout
    project("rollback", project.name, "--to", "2", "--yes")
    assert "is up to date" in project("plan", "train.py").stdout


def test_drift(project: Project) -> None:
    """What somebody else has changed is said, with who; a deploy sets it back, or leaves it."""
    project("deploy", "train.py", "--yes")
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflowtemplates/{project.name}"
    edit = {"spec": {"parallelism": 5}}
    project.node.call("PATCH", f"{path}?fieldManager=kubectl-edit", edit, "application/merge-patch+json")
    plan = project.data("plan", "train.py")
    (drift,) = plan["drift"]
    assert (drift["path"], drift["deployed"], drift["live"], drift["by"]) == (
        "spec.parallelism",
        100,
        5,
        "kubectl-edit",
    )
    shown = project("plan", "train.py").stdout
    assert "changed by kubectl-edit" in shown and "it will be 100 again" in shown and "1 drifted" in shown
    assert "it stays so" in project("plan", "train.py", "--keep-drift").stdout
    project.flow(times=2)
    project("deploy", "train.py", "--yes", "--keep-drift")
    assert project.live("workflowtemplates")["spec"]["parallelism"] == 5
    project("deploy", "train.py", "--yes")
    assert project.live("workflowtemplates")["spec"]["parallelism"] == 100
    assert "is up to date" in project("plan", "train.py").stdout


def test_what_flowc_did_not_write(project: Project) -> None:
    """Nothing of others is overwritten or deleted, unless it is taken over."""
    project("compile", "train.py", "--on", "test", "-o", "build")
    (spec,) = (project.folder / "build" / "argo").iterdir()
    for manifest in documents(spec.read_text()):
        manifest["spec"]["parallelism"] = 7
        project.node.call(
            "POST",
            f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflowtemplates?fieldManager=kubectl-create",
            manifest,
        )
    refused = project("deploy", "train.py", "--yes", check=False)
    assert refused.returncode == 1 and "kubectl-create" in refused.stderr and "--take-over" in refused.stderr
    assert project.live("workflowtemplates")["spec"]["parallelism"] == 7
    assert project("delete", project.name, "--yes", check=False).returncode == 1
    taken = project("deploy", "--built", "build", "--yes", "--take-over").stdout
    assert "7 → 100" in taken, taken
    assert "is up to date" in project("plan", "--built", "build").stdout
    assert "is up to date" in project("plan", "train.py").stdout
    spec.write_text(spec.read_text() + "# changed\n")
    changed = project("plan", "--built", "build", check=False)
    assert changed.returncode == 1 and "has been changed" in changed.stderr


def test_runs(project: Project) -> None:
    """Suspend, go on, terminate; delete refuses while a run is under way."""
    project.flow(end="import time; time.sleep(600)")
    project("deploy", "train.py", "--yes")
    run = project.data("trigger", project.name)["run"]
    assert "is suspended" in project("suspend", run).stdout and "nothing to do" in project("suspend", run).stdout
    assert project.data("status", run)["state"] == "suspended"
    assert "goes on" in project("unsuspend", run).stdout
    refused = project("delete", project.name, "--yes", check=False)
    assert refused.returncode == 1 and run in refused.stderr and "--force" in refused.stderr
    late = project("trigger", project.name, "--run-id", "late", "--wait", "--timeout", "1", check=False)
    assert late.returncode == 124
    assert "1 runs" not in project("plan", "train.py").stdout
    assert "is being terminated" in project("terminate", run).stdout
    ended = project("status", run, "--watch", check=False)
    assert ended.returncode == 1 and "terminated" in ended.stdout
    assert "has ended already" in project("terminate", run).stdout
    project("terminate", f"{project.name}-late", "--graceful")
    assert project("status", f"{project.name}-late", "--watch", check=False).returncode == 1
    deleted = project("delete", project.name, "--yes").stdout
    assert "- WorkflowTemplate" in deleted and project.live("workflowtemplates") is None
    assert "is deleted already" in project("delete", project.name, "--yes").stdout
    assert project("trigger", project.name, check=False).returncode == 1
    project.flow()
    assert "(deployment 3)" in project("deploy", "train.py", "--yes").stdout
    failed = project("trigger", project.name, "--run-id", "late", check=False)
    assert failed.returncode == 0 and "exists already, terminated" in failed.stdout, failed.stdout + failed.stderr
    other = project("trigger", project.name, "--run-id", "late", "--rounds", "1", check=False)
    assert other.returncode == 1 and "with other parameters" in other.stderr


def test_a_failure(project: Project) -> None:
    """A failed task is said with its reason, and the exit code is 1."""
    project.flow(end="raise ValueError('no luck')")
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--wait", "--follow", check=False)
    assert done.returncode == 1 and "alpha is 0.5" in done.stdout and "ValueError: no luck" in done.stdout, done.stdout


def test_a_kill_before_each_write(project: Project) -> None:
    """However far a deploy came, the same command does the rest, and changes nothing after that."""
    environment = {**os.environ, **project.environment, "PYTHONPATH": str(ROOT)}
    for number in range(1, 30):
        project.flow(HOURLY, end=f"self.n = {number}")
        command = [
            sys.executable,
            "-m",
            "tests.engines.kill_at",
            str(number),
            "deploy",
            "train.py",
            "--yes",
            "--on",
            "test",
        ]
        done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
        assert done.returncode in (0, KILLED), done.stdout + done.stderr
        project("deploy", "train.py", "--yes")
        assert project("plan", "train.py", "--check").returncode == 0
        (newest, *_) = project.data("history", project.name)
        assert newest["done"] and newest["live"]
        assert project.live("workflowtemplates")["metadata"]["annotations"]["flowc/code"] == newest["code"]
        if done.returncode == 0:
            break
    assert number > 4, "it died before writes to both"


def test_two_deploy_at_once(project: Project, tmp_path: Path) -> None:
    """Both plan deployment 1; one of them is told, and changes nothing."""
    environment = {**os.environ, **project.environment}
    processes = []
    for times in (1, 2):
        folder = tmp_path / str(times)
        folder.mkdir()
        project.flow(times=times)
        for name in ("train.py", "pyproject.toml"):
            (folder / name).write_text((project.folder / name).read_text())
        command = [sys.executable, "-m", "flowc", "deploy", "train.py", "--yes", "--on", "test"]
        processes.append(
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    ended = [(process.communicate(), process.returncode) for process in processes]
    codes = sorted(code for _, code in ended)
    told = [errors for (_, errors), code in ended if code]
    listed = project.data("history", project.name)
    if codes == [0, 1]:  # at the same time
        assert "meanwhile" in told[0] or "at this moment" in told[0] or "has changed since" in told[0], told
        assert [one["n"] for one in listed if one["done"]] == [1]
    else:  # one after the other
        assert codes == [0, 0] and [one["n"] for one in listed] == [2, 1], ended


@pytest.mark.parametrize("role", ["flowc-deployer", "flowc-trigger", "flowc-reader"])
def test_a_role(project: Project, role: str) -> None:
    """The roles of the page are enough for what they are for, and for nothing else."""
    text = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "deploying.md").read_text(), re.DOTALL)
    assert text
    (rules,) = [one["rules"] for one in documents(text[1]) if one["metadata"]["name"] == role]
    project.use_role(role, rules)
    project("deploy", "train.py", "--yes")
    limited = project.folder / role
    deploy = project("deploy", "train.py", "--yes", check=False, kubeconfig=limited)
    trigger = project("trigger", project.name, "--wait", check=False, kubeconfig=limited)
    status = project("status", project.data("trigger", project.name)["run"], check=False, kubeconfig=limited)
    assert status.returncode == 0, status.stderr
    if role == "flowc-reader":
        assert trigger.returncode == 1 and "forbidden" in trigger.stderr, trigger.stderr
    else:
        assert trigger.returncode == 0, trigger.stderr
    if role == "flowc-deployer":
        assert deploy.returncode == 0, deploy.stderr
        project.flow(HOURLY)
        for words in (
            ("deploy", "train.py", "--yes"), ("pause", project.name), ("unpause", project.name),
            ("rollback", project.name, "--yes"), ("history", project.name), ("deployments",),
            ("delete", project.name, "--yes", "--force"),
        ):  # fmt: skip
            project(*words, kubeconfig=limited)
            collect_garbage(project)
    else:
        assert deploy.returncode == 1 and "patch workflowtemplates" in deploy.stderr, deploy.stderr
        assert role in deploy.stderr and "docs/deploying.md" in deploy.stderr


def test_a_plan_is_what_happens(project: Project) -> None:
    """Whatever has changed: the plan lists it, the deploy does it, and then nothing is left to do."""
    choice = random.Random(int(os.environ.get("FLOWC_RANDOM_SEED", "22")))
    project("deploy", "train.py", "--yes")
    for _ in range(6):
        schedule = choice.choice(["", HOURLY, HOURLY.replace("3 1", "5 2"), "@schedule(weekly=True)"])
        project.flow(
            schedule, choice.randint(1, 4), choice.choice(["pass", "print(1)", "print('{{workflow.name}} 🎈')"])
        )
        project.context(choice.choice(["", "max-workers = 3", 'workflow-timeout = 60\nservice-account = "default"']))
        before = {kind: project.live(kind) for kind in ("workflowtemplates", "cronworkflows")}
        plan = project.data("plan", "train.py")
        assert {kind: project.live(kind) for kind in before} == before, "a plan writes nothing"
        done = project.data("deploy", "train.py", "--yes")
        assert done["changes"] == plan["changes"]
        collect_garbage(project)
        for change in plan["changes"]:
            kind = change["kind"].lower() + "s"
            if kind in before:
                live = project.live(kind)
                assert (live is None) == (change["op"] == "delete")
                assert (before[kind] is None) == (change["op"] == "add")
                if change["op"] == "same":
                    assert live["metadata"]["resourceVersion"] == before[kind]["metadata"]["resourceVersion"]
                for field in change["fields"]:
                    assert field["from"] != field["to"]
        again = project.data("plan", "train.py")
        assert again["up_to_date"] and {change["op"] for change in again["changes"]} == {"same"}, again
        assert {one["name"] for one in project.data("deployments")} >= {project.name}


def test_what_left_nothing(project: Project) -> None:
    """A run whose pod cannot start is listed with the engine's state, and the engine's reason stands for its logs."""
    project.context("runtime = 'baked'")
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace(PYTHON, "docker.io/flowc-test/none:1"))
    project("deploy", "train.py", "--yes")
    run = project.data("trigger", project.name)["run"]
    until(lambda: any("none:1" in task["message"] for task in project.data("status", run)["tasks"]), "a reason", 120, 1)
    (listed,) = [one for one in project.data("runs", "Train") if one["run"] == run]
    assert listed["status"] == "running" and listed["target"] == "argo"
    logs = project("logs", run)
    assert "from argo" in logs.stderr and "none:1" in logs.stderr + logs.stdout, logs.stderr + logs.stdout
    project("terminate", run)
    assert project("status", run, "--watch", check=False).returncode == 1


def test_from_python(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc import DeployedFlow, Deployer

    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)
    project.flow(HOURLY)
    deployer = Deployer("train.py", show_output=False, context="test").argo_workflows()
    planned = [(change["op"], change["kind"]) for change in deployer.plan()["changes"]]
    assert planned[-2:] == [("add", "WorkflowTemplate"), ("add", "CronWorkflow")]
    deployed = deployer.create(paused=True)
    assert deployed.name == project.name and deployed.schedule and not deployer.plan()["changes"][0]["fields"]
    with pytest.raises(ValueError, match="Unknown argument: 'beta', possible args are: alpha, rounds"):
        deployed.trigger(beta=1)
    with pytest.raises(ValueError, match="alpha"):
        deployed.trigger(alpha="much")
    run = deployed.trigger(alpha=0.25, tags=["py"])
    assert run.is_running and run.wait_for_run(1, 120).id == run.id
    assert run.wait_for_completion(1, 300) == "succeeded" and run.status == "Succeeded" and not run.is_running
    assert run.run["join"].task.data.scores == [0.0, 0.25] and "py" in run.run.tags
    (listed,) = [one for one in DeployedFlow.list_deployed_flows("Train", context="test") if one.name == project.name]
    assert [one.id for one in listed.list_runs()] == [run.id]
    again = DeployedFlow.from_deployment(project.name, context="test")
    assert again.unpause() and not again.unpause() and again.pause()
    same = DeployedFlow.get_triggered_run(project.name, run.id, context="test")
    assert same.state == "succeeded" and not same.terminate()
    assert again.delete()
    with pytest.raises(RuntimeError, match="nothing is deployed"):
        DeployedFlow.from_deployment(project.name, context="test")
    collect_garbage(project)


def test_a_place_that_is_not_there(project: Project) -> None:
    settings = project.folder / "pyproject.toml"
    text = settings.read_text()
    for before, after, message in (
        (f'namespace = "{NAMESPACE}"', 'namespace = "nowhere"', 'namespaces "nowhere" not found'),
        ('kube-context = "test"', 'kube-context = "other"', "the kubeconfig cannot be used"),
        ('kube-context = "test"', 'cluster = "4c1e"', "is of a different cluster"),
    ):
        settings.write_text(text.replace(before, after))
        done = project("plan", "train.py", check=False)
        assert done.returncode == 1 and message in done.stderr, done.stderr


def test_a_run_that_takes_too_long(project: Project) -> None:
    project.context("workflow-timeout = 10")
    project.flow(end="import time; time.sleep(600)")
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--wait", "--json", check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["state"] == "timed-out", done.stdout

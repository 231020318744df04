"""`flowc plan`, `deploy`, `trigger` and the other verbs on a complete Airflow."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import ROOT
from tests.support.running import flowc, until
from tests.support.s3_server import BUCKET, S3Server

from .airflow import Airflow
from .airflow_server import Server
from .deploying import STORE
from .http_fault_proxy import FaultyProxy, faulty_proxy
from .kill_at import KILLED
from .mwaa_bridge import mwaa_bridge

pytestmark = pytest.mark.engine

FLOW = """from metaflow import FlowSpec, Parameter, retry, schedule, step
{schedule}
class Train(FlowSpec):
    {doc}
    alpha = Parameter("alpha", default=0.5)
    rounds = Parameter("rounds", default=2)
    word = Parameter("word", default="7")

    @step
    def start(self):
        print("alpha is", self.alpha, self.word.upper())
        self.items = list(range(self.rounds))
        self.next(self.fit, foreach="items")

    @retry(times={times}, minutes_between_retries=0)
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
YEARLY = "@schedule(cron='0 3 1 1 *')"
# What a company's own rules may be (Airflow's documentation, Cluster Policies): a DAG that breaks them is not imported.
POLICY = """from airflow.exceptions import AirflowClusterPolicyViolation


def dag_policy(dag):
    if "forbidden" in (dag.doc_md or ""):
        raise AirflowClusterPolicyViolation("such DAGs are not allowed here")
"""
USERS = {"ada": "admin", "opal": "op", "uma": "user", "vera": "viewer"}
PASSWORD = "not-a-secret"


class Project:
    """A project with one flow, and a context of the server."""

    def __init__(self, folder: Path, server: Server, name: str) -> None:
        self.folder, self.server, self.name = folder, server, name
        self.dags = server.folder / "dags"
        self.file = self.dags / f"{name}_dag.py"
        self.environment = as_user("ada", server.s3.environment)
        self.url, self.place = server.url, str(self.dags)
        self.context()
        self.flow()

    def context(self, more: str = "") -> None:
        (self.folder / "pyproject.toml").write_text(
            f"""[tool.flowc.contexts.test]
target = "airflow"
store = "{STORE}"
name = "{self.name}"
airflow-tasks = "process"
airflow-python = "{sys.executable}"
airflow-url = "{self.url}"
dags = "{self.place}"
{more}
"""
        )

    def flow(self, schedule: str = "", times: int = 1, end: str = "pass", doc: str = "") -> None:
        documented = f'"""{doc}"""' if doc else ""
        (self.folder / "train.py").write_text(FLOW.format(schedule=schedule, times=times, end=end, doc=documented))

    def __call__(
        self, *words: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs flowc on the context, without a terminal."""
        done = flowc(
            *words, *(() if words[0] in ("compile", "diff") else ("--on", "test")), cwd=self.folder,
            env={**self.environment, **(env or {})},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert PASSWORD not in done.stdout + done.stderr
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def live(self) -> Any:
        """The DAG on the server, or None."""
        for dag in self.server.call("GET", f"/api/v2/dags?dag_id_pattern={self.name}&exclude_stale=false")["dags"]:
            if dag["dag_id"] == self.name:
                return dag
        return None

    def waiting(self, gate: str) -> str:
        """The last step of a flow that ends when the file `gate` is there."""
        return f"import os, time\n        while not os.path.exists({str(self.folder / gate)!r}): time.sleep(0.1)"

    def open(self, gate: str) -> None:
        (self.folder / gate).touch()

    def begun(self, run: str, step: str) -> None:
        """Waits until a task of the step runs."""

        def runs() -> bool:
            tasks = self.data("status", run)["tasks"]
            return any(task["step"] == step and task["state"] == "running" for task in tasks)

        until(runs, f"{step} runs\n{self.server.log()}", 300, every=0.5)


def as_user(user: str, s3: dict[str, str]) -> dict[str, str]:
    return {**s3, "FLOWC_AIRFLOW_USER": user, "FLOWC_AIRFLOW_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def server(airflow: Airflow, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("server")
    (home / "dags").mkdir()
    (home / "config").mkdir()
    (home / "config" / "airflow_local_settings.py").write_text(POLICY)
    (home / "passwords.json").write_text(json.dumps(dict.fromkeys(USERS, PASSWORD)))
    shutil.copy(airflow.home / "airflow.db", home / "airflow.db")
    settings = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",  # as it is, unless somebody changes it
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    }
    started = Server(airflow, s3, home, settings)
    try:
        answer = started.call("POST", "/auth/token", {"username": "ada", "password": PASSWORD})
        started.token = answer["access_token"]
        yield started
    finally:
        started.stop()


@pytest.fixture
def project(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    name = re.sub(r"[^a-z]+", "_", request.node.name.removeprefix("test_"))[:30].strip("_")
    yield Project(tmp_path, server, name)


@pytest.fixture
def proxy(project: Project) -> Iterator[FaultyProxy]:
    """A proxy before the server, through which the project goes."""
    with faulty_proxy(project.server.url) as started:
        project.url = started.url
        project.context()
        yield started


def test_the_whole_path(project: Project) -> None:
    planned = project("plan", "train.py")
    assert "+ DAG file/the_whole_path_dag.py" in planned.stdout and "2 to add" in planned.stdout, planned.stdout
    assert not project.file.exists()
    assert project("plan", "train.py", "--check", check=False).returncode == 1
    refused = project("deploy", "train.py", check=False)
    assert refused.returncode == 1 and "add `--yes`" in refused.stderr
    done = project("deploy", "train.py", "--yes")
    assert "is deployed (deployment 1)" in done.stdout, done.stdout
    assert project.live()["is_paused"] is False
    again = project("deploy", "train.py", "--yes")
    assert "is up to date (deployment 1)" in again.stdout, again.stdout
    assert project("plan", "train.py", "--check").returncode == 0
    wrong = project("trigger", "the_whole_path", "--alpha", "much", check=False)
    assert wrong.returncode == 2 and "alpha" in wrong.stderr, wrong.stderr
    wrong = project("trigger", "the_whole_path", "--run-id", "no id", check=False)
    assert wrong.returncode == 1 and "is no id of a run" in wrong.stderr, wrong.stderr
    begun = project(
        "trigger", "train.py", "--alpha", "0.25", "--rounds", "3", "--run-id", "v1.one", "--wait", "--tag", "try"
    )
    assert "succeeded" in begun.stdout, begun.stdout
    run = project.data("status", "the_whole_path.v1.one")
    assert run["state"] == "succeeded" and {task["state"] for task in run["tasks"]} == {"succeeded"}
    assert sorted((task["step"], task["path"]) for task in run["tasks"]) == [
        ("end", "-"), ("fit", "0"), ("fit", "1"), ("fit", "2"), ("join", "-"), ("start", "-"),
    ]  # fmt: skip
    assert run["run"] == f"the_whole_path.v1.one@{project.server.url.partition('//')[2]}"
    for name in (run["run"], "v1.one", f"Train/{run['run']}"):
        assert project.data("status", name)["run"] == run["run"]
    assert project("status", "the_whole_path.two", check=False).returncode == 1
    assert flowc("tag", "list", run["run"], "--store", STORE, env=project.environment).stdout.count("try") == 1
    words = ("--alpha", "0.25", "--rounds", "3", "--run-id", "v1.one")
    assert project.data("trigger", "the_whole_path", *words)["run"] == run["run"]
    other = project("trigger", "the_whole_path", "--alpha", "0.75", "--run-id", "v1.one", check=False)
    assert other.returncode == 1 and "with other parameters" in other.stderr, other.stderr
    values = flowc("dump", f"{run['run']}/join", "--store", STORE, "--json", env=project.environment)
    assert "0.25" in values.stdout and "0.5" in values.stdout, values.stdout
    (listed,) = [one for one in project.data("deployments") if one["name"] == project.name]
    assert listed["n"] == 1 and listed["agrees"] and listed["last_run"]["state"] == "succeeded"
    assert listed["last_run"]["run"] == run["run"]


def test_a_schedule(project: Project) -> None:
    """A pause survives deploys, however the schedule was made; a removed schedule is removed, and its runs stay."""
    project.flow(YEARLY)
    assert "starts the run that was due last at once" in project("plan", "train.py").stdout
    planned = project("deploy", "train.py", "--yes", "--paused")
    assert "it starts paused" in planned.stdout and project.live()["is_paused"] is True
    assert "is up to date" in project("plan", "train.py").stdout
    waits = project("trigger", project.name, check=False)
    assert waits.returncode == 1 and "is paused" in waits.stderr and "flowc unpause" in waits.stderr, waits.stderr
    project.flow(YEARLY.replace("3 1", "4 1"))
    changed = project("deploy", "train.py", "--yes").stdout
    assert re.search(r"dag\.schedule +0 3 1 1 \* → 0 4 1 1 \*", changed) and "paused" not in changed, changed
    live = project.live()
    assert live["is_paused"] is True and live["timetable_summary"] == "0 4 1 1 *"
    assert "is on" in project("unpause", project.name).stdout
    assert "nothing to do" in project("unpause", project.name).stdout
    assert project.live()["is_paused"] is False
    (listed,) = [one for one in project.data("deployments") if one["name"] == project.name]
    assert listed["schedule"] == "0 4 1 1 *" and not listed["paused"] and listed["n"] == 2 and listed["agrees"]
    assert "is paused" in project("pause", "train.py").stdout
    assert "is up to date" in project("deploy", "train.py", "--yes").stdout
    assert project.live()["is_paused"] is True
    project("unpause", project.name)
    project.flow()
    assert "it stops firing" in project("deploy", "train.py", "--yes").stdout
    live = project.live()
    assert live["timetable_summary"] is None and live["next_dagrun_run_after"] is None
    assert "is up to date" in project("plan", "train.py").stdout
    wrong = project("pause", project.name, check=False)
    assert wrong.returncode == 1 and "has no schedule" in wrong.stderr


def test_history_and_rollback(project: Project) -> None:
    project("deploy", "train.py", "--yes")
    first = project.file.read_text()
    project.flow(times=3)
    changed = project("deploy", "train.py", "--yes").stdout
    assert re.search(r"tasks\[fit\]\.retries +1 → 3", changed), changed
    listed = project.data("history", project.name)
    assert [(one["n"], one["action"], one["live"]) for one in listed] == [(2, "deploy", True), (1, "deploy", False)]
    project("rollback", project.name, "--yes")
    assert project.file.read_text() == first
    (newest, *_) = project.data("history", "train.py")
    assert (newest["n"], newest["action"], newest["live"], newest["to"]) == (3, "rollback", True, 1)
    assert "1 to change" in project("plan", "train.py").stdout
    project("rollback", project.name, "--to", "2", "--yes")
    assert "is up to date" in project("plan", "train.py").stdout


def test_drift(project: Project) -> None:
    """What somebody else has changed is said; a deploy sets it back, or leaves it."""
    project("deploy", "train.py", "--yes")
    deployed = project.file.read_text()
    edited = deployed.replace("max_active_tasks=100", "max_active_tasks=5")
    assert edited != deployed
    project.file.write_text(edited)
    (drift,) = project.data("plan", "train.py")["drift"]
    assert (drift["path"], drift["deployed"], drift["live"]) == ("dag.max_active_tasks", 100, 5)
    assert drift["at"].endswith("Z")
    shown = project("plan", "train.py").stdout
    assert "! dag.max_active_tasks is 5, deployed was 100" in shown and "it will be 100 again" in shown, shown
    kept = project("plan", "train.py", "--keep-drift").stdout
    assert "it stays so" in kept and "is up to date" in kept, kept
    project.flow(times=2)
    refused = project("deploy", "train.py", "--yes", "--keep-drift", check=False)
    assert refused.returncode == 1 and "as a whole" in refused.stderr and project.file.read_text() == edited
    project("deploy", "train.py", "--yes")
    assert "max_active_tasks=100" in project.file.read_text()
    project.file.write_text(project.file.read_text() + "# a remark\n")
    assert [one["path"] for one in project.data("plan", "train.py")["drift"]] == ["text"]
    project.file.write_text("this is not Python\n")
    assert "somebody else" in project("plan", "train.py").stdout
    project.file.unlink()
    assert "+ DAG file" in project("deploy", "train.py", "--yes").stdout
    assert "is up to date" in project("plan", "train.py").stdout


def test_what_others_own(project: Project) -> None:
    """A file without the mark is touched only with --take-over; the name of a DAG of another file is refused."""
    project("compile", "train.py", "--on", "test", "-o", "build", "-q")
    (spec,) = (project.folder / "build" / "airflow").iterdir()
    by_hand = spec.read_text().replace("max_active_tasks=100", "max_active_tasks=7")
    project.file.write_text(by_hand)
    refused = project("deploy", "train.py", "--yes", check=False)
    assert refused.returncode == 1 and "somebody else" in refused.stderr and "--take-over" in refused.stderr
    assert project.file.read_text() == by_hand
    assert project("delete", project.name, "--yes", check=False).returncode == 1
    taken = project("deploy", "--built", "build", "--yes", "--take-over").stdout
    assert "7 → 100" in taken, taken
    assert "is up to date" in project("plan", "--built", "build").stdout
    assert "is up to date" in project("plan", "train.py").stdout
    other = project.dags / "somebody_s_dag.py"
    other.write_text(by_hand.replace(f'dag_id="{project.name}"', 'dag_id="somebody_s"'))
    path = "/api/v2/dags/somebody_s"
    project.server.until("the other DAG is known", "/api/v2/dags?limit=100", lambda one: "somebody_s" in str(one))
    os.rename(other, project.dags / "elsewhere.py")
    project.server.until("it is in a different file", path, lambda one: one["fileloc"].endswith("elsewhere.py"))
    clash = project("plan", "train.py", "--name", "somebody_s", check=False)
    assert clash.returncode == 1 and "from a different file" in clash.stderr and "elsewhere.py" in clash.stderr
    (project.dags / "elsewhere.py").unlink()
    second = project("plan", "train.py", "--store", f"{STORE}/second", check=False)
    assert f"belongs to the deployment with its records in {STORE}/Train" in second.stdout, second.stdout


def test_runs(project: Project) -> None:
    """Pause holds back what runs; one run cannot be held back; delete refuses while a run is under way."""
    project.flow(YEARLY, end=project.waiting("never"))
    project("deploy", "train.py", "--yes")
    run = project.data("trigger", project.name)["run"]
    project.begun(run, "end")
    held = project("suspend", run, check=False)
    assert held.returncode == 1 and "of one run" in held.stderr and f"flowc pause {project.name}" in held.stderr
    project("pause", project.name)
    assert project.data("status", run)["state"] == "suspended"
    project("unpause", project.name)
    assert project.data("status", run)["state"] == "running"
    refused = project("delete", project.name, "--yes", check=False)
    assert refused.returncode == 1 and run in refused.stderr and "--force" in refused.stderr
    late = project("trigger", project.name, "--run-id", "late", "--wait", "--timeout", "1", check=False)
    assert late.returncode == 124
    running = project.data("plan", "train.py", "--workflow-timeout", "900")["running"]
    assert running[0].startswith(f"{project.name}.late@") and run in running, running
    (scheduled,) = set(running) - {run, running[0]}  # the run that was due last, when the schedule was new
    project("terminate", scheduled)
    for name in (run, f"{project.name}.late"):
        assert "is being terminated" in project("terminate", name).stdout
        ended = project("status", name, "--watch", check=False)
        assert ended.returncode == 1 and "terminated with flowc by ada" in ended.stdout, ended.stdout
        assert "has ended already" in project("terminate", name).stdout
    tasks = f"/api/v2/dags/{project.name}/dagRuns/~/taskInstances?state=running"
    project.server.until("no task runs", tasks, lambda one: not one["task_instances"])
    deleted = project("delete", project.name, "--yes").stdout
    assert "- DAG file" in deleted and not project.file.exists() and project.live() is None
    assert "is deleted already" in project("delete", project.name, "--yes").stdout
    assert project("trigger", project.name, check=False).returncode == 1
    project.flow()
    assert "(deployment 3)" in project("deploy", "train.py", "--yes").stdout


def test_a_failure(project: Project) -> None:
    """A failed task is said with its reason, and the exit code is 1."""
    project.flow(end="raise ValueError('no luck')")
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--wait", "--follow", check=False)
    assert done.returncode == 1 and "alpha is 0.5" in done.stdout, done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("  end ")]
    assert "failed" in line and "ValueError: no luck" in line, done.stdout


def test_what_left_nothing(project: Project) -> None:
    """Of a task that never reached the datastore, Airflow's state and log are shown."""
    project.context()
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace(sys.executable, "/no/such/python"))
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--run-id", "none", "--wait", check=False)
    assert done.returncode == 1 and "/no/such/python" in done.stdout, done.stdout
    (listed,) = [one for one in project.data("runs", "Train") if one["run"].startswith(f"{project.name}.")]
    assert listed["status"] == "failed" and listed["target"] == "airflow"
    logs = project("logs", f"{project.name}.none")
    assert "from airflow" in logs.stderr and "/no/such/python" in logs.stdout, logs.stderr + logs.stdout


def test_an_import_error(project: Project) -> None:
    """What the server cannot import is refused, and the file is what it was before."""
    project.flow(doc="forbidden")
    refused = project("deploy", "train.py", "--yes", check=False)
    assert refused.returncode == 1, refused.stdout
    assert "such DAGs are not allowed here" in refused.stderr and "was removed again" in refused.stderr, refused.stderr
    assert not project.file.exists()
    project.flow(doc="allowed")
    project("deploy", "train.py", "--yes")
    before = project.file.read_text()
    project.flow(doc="forbidden")
    refused = project("deploy", "train.py", "--yes", check=False)
    assert refused.returncode == 1 and "again what it was before" in refused.stderr, refused.stderr
    assert project.file.read_text() == before
    assert "succeeded" in project("trigger", project.name, "--wait").stdout
    project.flow(doc="allowed again")
    project("deploy", "train.py", "--yes")
    assert "is up to date" in project("plan", "train.py").stdout


def test_a_kill_before_each_write(project: Project) -> None:
    """However far a deploy came, the same command does the rest, and changes nothing after that."""
    environment = {**os.environ, **project.environment}
    for number in range(1, 30):
        project.flow(YEARLY, end=f"self.n = {number}")
        command = [sys.executable, "-m", "tests.engines.kill_at", str(number)]
        done = subprocess.run(
            [*command, "deploy", "train.py", "--yes", "--on", "test"], cwd=project.folder,
            env={**environment, "PYTHONPATH": f"{ROOT}:{environment.get('PYTHONPATH', '')}"}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode in (0, KILLED), done.stdout + done.stderr
        project("deploy", "train.py", "--yes")
        assert project("plan", "train.py", "--check").returncode == 0
        (newest, *_) = project.data("history", project.name)
        assert newest["done"] and newest["live"] and newest["code"] in project.file.read_text()
        if done.returncode == 0:
            break
    assert number > 5, "it died before writes to the folder, the server and the datastore"
    project.flow()
    project("deploy", "train.py", "--yes")
    until(lambda: not project.data("plan", "train.py")["running"], "no run is under way", 300, every=1)
    for number in range(1, 10):
        done = subprocess.run(
            [sys.executable, "-m", "tests.engines.kill_at", str(number), "delete", project.name, "--yes", "--on", "test"],
            cwd=project.folder, env={**environment, "PYTHONPATH": f"{ROOT}:{environment.get('PYTHONPATH', '')}"},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode in (0, KILLED), done.stdout + done.stderr
        project("delete", project.name, "--yes")
        assert project.live() is None and not project.file.exists()
        if done.returncode == 0:
            break
        project("deploy", "train.py", "--yes")
    assert number > 3


def test_two_deploy_at_once(project: Project, tmp_path: Path) -> None:
    """Both plan deployment 1; one of them is told, and changes nothing."""
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
                command, cwd=folder, env={**os.environ, **project.environment}, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
    ended = [(process.communicate(), process.returncode) for process in processes]
    codes = sorted(code for _, code in ended)
    told = [errors for (_, errors), code in ended if code]
    listed = project.data("history", project.name)
    if codes == [0, 1]:  # at the same time
        assert "meanwhile" in told[0] or "at this moment" in told[0] or "has changed since" in told[0], told
        assert [one["n"] for one in listed if one["done"]] == [1]
    else:  # one after the other
        assert codes == [0, 0] and [one["n"] for one in listed] == [2, 1], ended


def test_a_plan_is_what_happens(project: Project) -> None:
    """Whatever has changed: the plan lists it, the deploy does it, and then nothing is left to do."""
    choice = random.Random(int(os.environ.get("FLOWC_RANDOM_SEED", "22")))
    project("deploy", "train.py", "--yes")
    for _ in range(6):
        schedule = choice.choice(["", YEARLY, YEARLY.replace("3 1", "5 2")])
        end = choice.choice(["pass", "print(1)", "print('{{ ds }} {% raw %} 🎈 \\\\')"])
        project.flow(schedule, choice.randint(1, 4), end, choice.choice(["", "It trains.", "A\n\n    long one 'é'."]))
        project.context(choice.choice(["", "max-workers = 3", "workflow-timeout = 600\nmax-active-runs = 2"]))
        before = project.file.read_text()
        plan = project.data("plan", "train.py")
        assert project.file.read_text() == before, "a plan writes nothing"
        done = project.data("deploy", "train.py", "--yes")
        assert done["changes"] == plan["changes"]
        (change,) = [change for change in plan["changes"] if change["kind"] == "DAG file"]
        assert (change["op"] == "same") == (project.file.read_text() == before)
        assert (change["op"] == "same") == (not change["fields"])
        for field in change["fields"]:
            assert field["from"] != field["to"]
        again = project.data("plan", "train.py")
        assert again["up_to_date"] and {change["op"] for change in again["changes"]} == {"same"}, again
        assert (project.live()["timetable_summary"] is None) == (schedule == "")


def test_the_server_is_lost(project: Project, proxy: FaultyProxy) -> None:
    """At whatever request the server goes silent or no longer knows the token: a clear message, and no half of it."""
    assert "is deployed" in project("deploy", "train.py", "--yes").stdout
    token = proxy_token(project)
    with_token = {"FLOWC_AIRFLOW_TOKEN": token}
    project.flow(times=2)
    proxy.begin(lambda number, method, path: None)
    project("deploy", "train.py", "--yes", env=with_token)
    requests = proxy.count
    assert requests > 8
    for at, status in ((2, 401), (requests // 2, 401), (requests - 3, 401), (requests // 2, 0)):
        project.flow(times=at % 5, end=f"self.at = {at}")
        proxy.begin(lambda number, method, path: status if number >= at else None)  # noqa: B023 (within the loop)
        lost = project("deploy", "train.py", "--yes", check=False, env=with_token)
        expected = "does not accept the credentials" if status else "does not answer"
        assert lost.returncode == 1 and expected in lost.stderr, lost.stdout + lost.stderr
        assert "run the same command again" in lost.stderr and token not in lost.stdout + lost.stderr
        proxy.begin(lambda number, method, path: None)
        project("deploy", "train.py", "--yes", env=with_token)
        assert "is up to date" in project("plan", "train.py").stdout
    # a password is exchanged for a new token when the old one has expired; a server that is too busy is asked again
    project.flow(times=4, end="self.other = 1")
    proxy.begin(lambda number, method, path: 401 if number == 5 else 503 if number in (7, 8) else None)
    assert "is deployed" in project("deploy", "train.py", "--yes").stdout
    # a trigger that is asked for again, because its answer was lost, starts one run
    assert project.data("trigger", project.name, "--run-id", "x", "--wait")["state"] == "succeeded"
    own = f"{project.name}.x@{project.server.url.partition('//')[2]}"
    assert project.data("status", "x")["run"] == own, "a task tells the installation's own address"
    assert [one["run"] for one in project.data("runs", "Train") if one["run"].startswith(f"{project.name}.")] == [own]


def proxy_token(project: Project) -> str:
    answer = project.server.call("POST", "/auth/token", {"username": "ada", "password": PASSWORD})
    return str(answer["access_token"])


def test_credentials(project: Project) -> None:
    for environment, message in (
        ({"FLOWC_AIRFLOW_PASSWORD": "wrong"}, "does not accept the user and password"),
        ({"FLOWC_AIRFLOW_USER": "", "FLOWC_AIRFLOW_PASSWORD": ""}, "no credentials are set"),
        ({"FLOWC_AIRFLOW_TOKEN": "wrong"}, "does not accept the credentials"),
        ({"FLOWC_AIRFLOW_PASSWORD": ""}, "the user or the password for Airflow is missing"),
    ):
        done = project("plan", "train.py", check=False, env=environment)
        assert done.returncode == 1 and message in done.stderr, done.stderr
    for before, after, message in (
        (f'airflow-url = "{project.server.url}"', "", "the URL of the Airflow server is missing"),
        (project.server.url, f"{project.server.url}/nowhere", "there is no Airflow at"),
        (project.server.url, "http://127.0.0.1:9", "does not answer"),
        (str(project.dags), str(project.folder / "nowhere"), "does not exist"),
        (f'dags = "{project.dags}"', "", "the folder that Airflow reads DAG files from is missing"),
        (f'dags = "{project.dags}"', f'dags = "git:{project.dags}"', "in no working tree of git"),
    ):
        project.context()
        settings = project.folder / "pyproject.toml"
        settings.write_text(settings.read_text().replace(before, after))
        done = project("plan", "train.py", check=False)
        assert done.returncode == 1 and message in done.stderr, done.stderr


def test_roles(project: Project) -> None:
    """A viewer sees everything and starts nothing; a user of DAGs does all, and is told if the folder is closed."""
    s3 = project.server.s3.environment
    viewer, user = as_user("vera", s3), as_user("uma", s3)
    project("deploy", "train.py", "--yes", env=user)
    assert "is up to date" in project("plan", "train.py", env=viewer).stdout
    refused = project("trigger", project.name, check=False, env=viewer)
    assert refused.returncode == 1 and "vera may not POST" in refused.stderr and "docs/" in refused.stderr
    done = project("trigger", project.name, "--wait", "--run-id", "r", env=user)
    assert "succeeded" in done.stdout
    assert "succeeded" in project("status", f"{project.name}.r", env=viewer).stdout
    assert "alpha is" in project("logs", f"{project.name}.r", env=viewer).stdout
    refused = project("terminate", f"{project.name}.r", check=False, env=viewer)
    assert "has ended already" in refused.stdout
    from flowc.targets.airflow.permissions import NEEDS, missing
    from flowc.targets.airflow.server import Server as Connection

    for name, expected in (("ada", ()), ("uma", ()), ("vera", ("create DAG runs", "edit DAG runs", "edit DAGs"))):
        with pytest.MonkeyPatch.context() as patch:
            for key, value in as_user(name, {}).items():
                patch.setenv(key, value)
            assert sorted(missing(Connection({"airflow-url": project.server.url}), tuple(NEEDS))) == sorted(expected)


def test_from_python(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc import DeployedFlow, Deployer

    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)
    project.flow(YEARLY)
    deployer = Deployer("train.py", show_output=False, context="test").airflow()
    planned = [(change["op"], change["kind"]) for change in deployer.plan()["changes"]]
    assert planned[-1] == ("add", "DAG file")
    deployed = deployer.create(paused=True)
    assert deployed.name == project.name and deployed.schedule
    assert deployed.unpause() and not deployed.unpause()
    with pytest.raises(ValueError, match="Unknown argument: 'beta', possible args are: alpha, rounds, word"):
        deployed.trigger(beta=1)
    run = deployed.trigger(alpha=0.25, word="8", tags=["py"])
    assert run.is_running and run.wait_for_run(1, 300).id == run.id
    assert run.wait_for_completion(1, 300) == "succeeded" and run.status == "Succeeded" and not run.is_running
    assert run.run["join"].task.data.scores == [0.0, 0.25] and "py" in run.run.tags
    assert run.run["start"].task.data.word == "8"
    (listed,) = [one for one in DeployedFlow.list_deployed_flows("Train", context="test") if one.name == project.name]
    assert listed.list_runs()[0].id == run.id
    again = DeployedFlow.from_deployment(project.name, context="test")
    same = DeployedFlow.get_triggered_run(project.name, run.id, context="test")
    assert same.state == "succeeded" and not same.terminate()
    with pytest.raises(RuntimeError, match="of one run"):
        same.suspend()
    # Airflow has started the run of the schedule that was due last, too
    until(lambda: not any(each.is_running for each in again.list_runs()), "no run is under way", 300, every=1)
    assert again.delete()
    with pytest.raises(RuntimeError, match="nothing is deployed"):
        DeployedFlow.from_deployment(project.name, context="test")


def test_a_run_that_takes_too_long(project: Project) -> None:
    project.context("workflow-timeout = 8")
    project.flow(end=project.waiting("never"))
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--wait", "--json", check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["state"] == "timed-out", done.stdout


def test_a_production_story(project: Project) -> None:
    """Deploys v1, runs it, deploys v2 in mid-run, fails, goes back, and deletes it."""
    project.flow(YEARLY, end=project.waiting("one"))
    project("deploy", "train.py", "--yes")
    first = project.data("trigger", project.name, "--run-id", "one")["run"]
    project.begun(first, "end")
    project.flow(YEARLY, times=2, end="raise RuntimeError('v2 is wrong')")
    plan = project("deploy", "train.py", "--yes").stdout
    assert "2 runs are under way; they go on with the code that they began with" in plan, "the scheduled one, too"
    project.open("one")
    assert project("status", first, "--watch").returncode == 0
    failed = project("trigger", project.name, "--run-id", "two", "--wait", check=False)
    assert failed.returncode == 1 and "v2 is wrong" in failed.stdout, failed.stdout
    project("rollback", project.name, "--yes")
    assert "succeeded" in project("trigger", project.name, "--run-id", "three", "--wait").stdout
    states = {one["run"].partition("@")[0].rpartition(".")[2]: one["status"] for one in project.data("runs", "Train")}
    assert (states["one"], states["two"], states["three"]) == ("succeeded", "failed", "succeeded")
    listed = project.data("history", project.name)
    assert [one["action"] for one in listed] == ["rollback", "deploy", "deploy"]
    project("delete", project.name, "--yes")
    assert project.live() is None
    assert "succeeded" in flowc("runs", "Train", "--store", STORE, env=project.environment).stdout, "runs stay"


def test_a_failed_run_goes_on_in_place(project: Project) -> None:
    """Airflow's own gesture runs what failed again; `flowc doctor` has looked at the place before."""
    told = project("doctor", check=False)
    assert "Airflow 3" in told.stdout and "the place of DAG files" in told.stdout, told.stdout + told.stderr
    project.flow(end=f"assert __import__('os').path.exists({str(project.folder / 'mended')!r})")
    project("deploy", "train.py", "--yes")
    assert project("trigger", project.name, "--run-id", "r", "--wait", check=False).returncode == 1
    project.open("mended")
    project("resume", f"{project.name}.r", "--in-place")
    assert project("status", f"{project.name}.r", "--watch").returncode == 0


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_dags_in_a_repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy commits and pushes one file; the server has what its repository has, by a hook as git-sync does it."""
    for role in ("AUTHOR", "COMMITTER"):
        project.environment |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.com"}
    bare, tree = project.folder / "pipelines.git", project.folder / "pipelines"
    git(project.folder, "init", "-q", "--bare", "-b", "main", str(bare))
    checkout = project.dags / "of_git"
    checkout.mkdir()
    hook = bare / "hooks" / "post-receive"
    hook.write_text(f"#!/bin/sh\ngit --work-tree={checkout} checkout -q -f main\n")
    hook.chmod(0o755)
    git(project.folder, "clone", "-q", str(bare), str(tree))
    git(tree, "checkout", "-q", "-b", "main")
    (tree / "dags").mkdir()
    (tree / "dags" / "README").write_text("pipelines\n")
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", "Begin")
    git(tree, "push", "-q", "-u", "origin", "main")
    project.place = f"git:{tree / 'dags'}"
    project.context()
    (tree / "work_in_progress").write_text("not committed\n")
    git(tree, "add", "work_in_progress")
    project("deploy", "train.py", "--yes")
    assert git(tree, "log", "--format=%s", "-1").strip() == f"Deploy {project.name}"
    assert git(tree, "show", "--stat", "--format=").split()[0] == f"dags/{project.name}_dag.py"
    assert "A  work_in_progress" in git(tree, "status", "--porcelain")
    assert "is up to date" in project("plan", "train.py").stdout
    # somebody else pushes an edit: it is drift, with who; the push that it makes impossible is said
    other = project.folder / "other"
    git(project.folder, "clone", "-q", str(bare), str(other))
    file = other / "dags" / f"{project.name}_dag.py"
    file.write_text(file.read_text().replace("max_active_tasks=100", "max_active_tasks=9"))
    subprocess.run(
        ["git", "-C", str(other), "-c", "user.name=Bob", "-c", "user.email=bob@example.com", "commit", "-qam", "Edit"],
        check=True,
    )
    git(other, "push", "-q")
    (drift,) = project.data("plan", "train.py")["drift"]
    assert (drift["by"], drift["live"]) == ("Bob", 9)
    project.flow(times=2)
    refused = project("deploy", "train.py", "--yes", check=False)
    assert refused.returncode == 1 and "git cannot push main" in refused.stderr and "pull --rebase" in refused.stderr
    git(tree, "reset", "-q", "--hard", "origin/main")
    assert "is deployed" in project("deploy", "train.py", "--yes").stdout
    assert "succeeded" in project("trigger", project.name, "--wait").stdout
    project("delete", project.name, "--yes")
    assert not (checkout / "dags" / f"{project.name}_dag.py").exists() and project.live() is None


class Synced:
    """Copies a prefix of the bucket to the folder that the server reads, again and again, as Amazon MWAA does."""

    def __init__(self, s3: S3Server, prefix: str, folder: Path) -> None:
        self.s3, self.prefix, self.folder = s3, prefix, folder
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        folder.mkdir(exist_ok=True)

    def __enter__(self) -> Synced:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _run(self) -> None:
        client = self.s3.client()
        while not self.ended.wait(1):
            listed = client.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix).get("Contents", [])
            names = {str(one["Key"])[len(self.prefix) :]: one["Key"] for one in listed}
            for name, key in names.items():
                data = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
                path = self.folder / name
                if not path.exists() or path.read_bytes() != data:
                    (self.folder / ".part").write_bytes(data)
                    os.rename(self.folder / ".part", path)
            for path in self.folder.glob("*.py"):
                if path.name not in names:
                    path.unlink()


def test_an_environment_of_mwaa(project: Project) -> None:
    """DAG files in a bucket, and an API that is reached through AWS: boto3 for real, AWS's part by a stand-in."""
    project.place = f"s3://{BUCKET}/mwaa/dags"
    project.url = ""
    project.context('airflow-auth = "mwaa:prod"')
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace('airflow-url = ""\n', ""))
    with (
        Synced(project.server.s3, "mwaa/dags/", project.dags / "of_mwaa"),
        mwaa_bridge(project.server.url, proxy_token(project), "3.3.2") as aws,
    ):
        project.environment |= {"FLOWC_AIRFLOW_USER": "", "FLOWC_AIRFLOW_PASSWORD": "", **aws}
        assert "is deployed" in project("deploy", "train.py", "--yes").stdout
        assert "is up to date" in project("plan", "train.py").stdout
        done = project("trigger", project.name, "--run-id", "one", "--wait")
        assert "succeeded" in done.stdout, done.stdout
        wrong = project("trigger", project.name, "--run-id", "one", "--alpha", "9", check=False)
        assert wrong.returncode == 1 and "with other parameters" in wrong.stderr, wrong.stderr
        assert "alpha is" in project("logs", f"{project.name}.one").stdout
        settings.write_text(settings.read_text().replace("mwaa:prod", "mwaa:other"))
        none = project("plan", "train.py", check=False)
        assert none.returncode == 1 and "environment other" in none.stderr, none.stderr
        settings.write_text(settings.read_text().replace("mwaa:other", "mwaa:prod"))
        project("delete", project.name, "--yes")
        assert project.live() is None

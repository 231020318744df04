"""Faults on the real Argo, on a real node: nothing is lost, and no artifact is wrong."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS
from tests.support.running import flowc, until

from .ahead import Ahead, Scenario, scenarios
from .argo import Argo
from .deploying import STORE, left, local, without_run
from .faults import (
    DEATHS,
    GATED,
    GREEDY,
    HEAD,
    LONG,
    SURVIVED,
    TWICE,
    check_failed,
    check_finished,
    check_twice,
    gate,
    value,
    versions,
    write,
)
from .kubernetes.node import NAMESPACE, ApiError

pytestmark = pytest.mark.node


def retries_deaths_and_timeouts(argo: Argo, folder: Path) -> None:
    outcome, dump = argo.leaves(write(folder, DEATHS), "inject", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == SURVIVED


def out_of_memory(argo: Argo, folder: Path) -> None:
    outcome, dump = argo.leaves(write(folder, GREEDY), "inject", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == "True"


def a_retry_finishes_a_run(argo: Argo, folder: Path) -> None:
    """Tasks that had succeeded are not run again."""
    gate(argo.s3, False)
    spec = argo.deploy(write(folder, GATED), "inject")
    run = argo.start(spec)
    outcome = argo.wait(run)
    assert not outcome.succeeded and "404" in outcome.detail
    before = left(argo.s3, outcome.run, "Gated")
    check_failed(before)
    gate(argo.s3, True)
    outcome = argo.wait(argo.retry(run))
    assert outcome.succeeded, outcome.detail
    check_finished(before, left(argo.s3, outcome.run, "Gated"))


def what_succeeded_is_run_again_when_argo_is_told_to(argo: Argo, folder: Path) -> None:
    """A retry that restarts tasks which had succeeded runs them, and what follows them, with the code that the run began with."""
    gate(argo.s3, True, "again")
    run = argo.start(argo.deploy(write(folder, versions("one", gate="again")), "inject", "--name", "again"))
    outcome = argo.wait(run)
    assert outcome.succeeded, outcome.detail
    before = left(argo.s3, outcome.run, "Versions")
    argo.deploy(write(folder, versions("two", gate="again")), "inject", "--name", "again")
    outcome = argo.wait(argo.retry(run, True, "displayName=gated"))
    assert outcome.succeeded, outcome.detail
    after = left(argo.s3, outcome.run, "Versions")
    assert value(after, "end", "seen") == "['one', 'one', 'one']" and after["start"] == before["start"]
    assert value(after, "gated", "moment") != value(before, "gated", "moment"), "it was run again"


def deployments_share_a_datastore(argo: Argo, folder: Path) -> None:
    """Two names, a Workflow that is deleted and made again under its name, and a template that is applied in the middle of a run."""
    gate(argo.s3, False, "shared")
    one = argo.deploy(write(folder, versions("one", waits=True, gate="shared")), "inject", "--name", "shared-one")
    first, second = (
        argo.start(one, name="nightly-1"),
        argo.start(argo.deploy(FLOWS["linear"], "inject", "--name", "shared-other"), name="nightly-2"),
    )
    running(argo, first, "gated")
    two = argo.deploy(write(folder, versions("two", waits=True, gate="shared")), "inject", "--name", "shared-one")
    gate(argo.s3, True, "shared")
    outcome = argo.wait(first)
    assert outcome.succeeded, outcome.detail
    assert value(left(argo.s3, outcome.run, "Versions"), "end", "seen") == "['one', 'one', 'one']"
    assert argo.wait(second).succeeded
    argo.delete(first)
    again = argo.wait(argo.start(two, name=first))
    assert again.succeeded and again.run != outcome.run, again.detail
    assert value(left(argo.s3, again.run, "Versions"), "end", "seen") == "['two', 'two', 'two']"
    assert value(left(argo.s3, outcome.run, "Versions"), "end", "seen") == "['one', 'one', 'one']"


WRONG = """class Wrong(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @kubernetes(qos='guaranteed', cpu=0.1, memory=128)
    @step
    def start(self):
        self.ratio = 1 / (current.retry_count - current.retry_count)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def a_failure_says_why_and_its_pod_has_what_it_asked_for(argo: Argo, folder: Path) -> None:
    """The node of a failed attempt has its reason, an attempt that failed for the user is made again, and the pod is Guaranteed."""
    run = argo.start(argo.deploy(write(folder, WRONG), "inject"))
    outcome = argo.wait(run)
    assert not outcome.succeeded and "ZeroDivisionError: division by zero" in outcome.detail, outcome.detail
    pods = argo.node.pods(f"workflows.argoproj.io/workflow={run}")
    assert [pod["status"]["qosClass"] for pod in pods] == ["Guaranteed", "Guaranteed"], pods


HOOKED = """from metaflow import exit_hook

def told(run):
    run.add_tag(f"told-{run.successful}-{run.data.x}")

def failed():
    raise ValueError("a hook that fails changes nothing")

def alarm(run):
    run.add_tags(["alarm", run["start"].task.exception.type])

@exit_hook(on_success=[told, failed], on_error=[alarm])
class Hooked(FlowSpec):
    fail = Parameter("fail", default=False)

    @step
    def start(self):
        self.x = 41
        if self.fail:
            raise ValueError("as asked")
        self.next(self.end)

    @step
    def end(self):
        self.x += 1
"""


def exit_hooks_are_called(argo: Argo, folder: Path) -> None:
    """In a pod that reads the run's artifacts. What a hook does not return from changes nothing of the run."""
    (folder / "hooked.py").write_text(HEAD + HOOKED)
    spec = argo.deploy(folder / "hooked.py", "inject")
    runs = [argo.start(spec), argo.start(spec, {"fail": "true"})]
    outcomes = [argo.wait(run) for run in runs]
    assert [outcome.succeeded for outcome in outcomes] == [True, False], [outcome.detail for outcome in outcomes]
    tags = []
    for outcome in outcomes:
        done = flowc(
            "tag", "list", "--run-id", outcome.run, "--flow", "Hooked", "--store", STORE, env=argo.s3.environment
        )
        tags.append(done.stdout)
    assert "told-True-42" in tags[0] and "alarm" not in tags[0], tags
    assert "alarm" in tags[1] and "ValueError" in tags[1] and "told" not in tags[1], tags


ENDINGS = """class Endings(FlowSpec):
    @step
    def start(self):
        self.next(self.fails, self.leaves, self.turns, self.wrong)

    @retry(times=3, minutes_between_retries=0)
    @step
    def fails(self):
        raise RuntimeError('as ever')
        self.next(self.join)

    @retry(times=3, minutes_between_retries=0)
    @catch(var='never')
    @step
    def leaves(self):
        from metaflow.exception import METAFLOW_EXIT_DISALLOW_RETRY
        raise SystemExit(METAFLOW_EXIT_DISALLOW_RETRY)
        self.next(self.join)

    @retry(times=3, minutes_between_retries=0)
    @step
    def turns(self):
        self.more = 'yes'
        self.next({'yes': self.turns, 'no': self.turned}, condition='more')

    @step
    def turned(self):
        self.next(self.join)

    @retry(times=3, minutes_between_retries=0)
    @step
    def wrong(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def what_would_fail_again_is_not_tried_again(argo: Argo, folder: Path) -> None:
    """Only one of four steps with `@retry` is tried again, that whose code fails.

    The others forbid it, or the shim refuses them.
    """

    def change(manifest: dict[str, Any]) -> None:
        templates = {template["name"]: template for template in manifest["spec"]["templates"]}
        templates["flow"]["dag"]["failFast"] = False  # a branch that fails leaves the others their attempts
        templates["wrong"]["container"]["args"].remove("--step")

    run = argo.start(argo.deploy(write(folder, ENDINGS), "inject", "--max-visits", "2", change=change))
    outcome = argo.wait(run)
    assert not outcome.succeeded
    failures = argo.failures(run)
    assert {step: len(messages) for step, messages in failures.items()} == {
        "fails": 4,
        "leaves": 1,
        "turns": 1,
        "wrong": 1,
    }, outcome.detail
    assert "exit code 202" in failures["leaves"][0] and "SystemExit: 202" in failures["leaves"][0]
    assert "exit code 2)" in failures["wrong"][0] and "flowc: unknown argument 'wrong'" in failures["wrong"][0]
    assert "exit code 2)" in failures["turns"][0] and "step turns has chosen itself 2 times" in failures["turns"][0]


def a_loop_of_pods(argo: Argo, folder: Path) -> None:
    """With a limit of visits, each has a pod of its own: a template inside that of the visit before."""
    spec = argo.deploy(FLOWS["recursive_switch"], "baked", "--max-visits", "96")
    outcome = argo.wait(argo.start(spec))
    assert outcome.succeeded, outcome.detail
    _, expected = local(folder, FLOWS["recursive_switch"])
    assert without_run(left(argo.s3, outcome.run, spec.flow), outcome.run) == expected
    assert outcome.tasks == sum(map(len, expected.values())), outcome.detail


def one_task_started_twice_at_once(argo: Argo, folder: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        (flow,) = [template for template in manifest["spec"]["templates"] if template["name"] == "flow"]
        (start,) = [task for task in flow["dag"]["tasks"] if task["name"] == "start"]
        flow["dag"]["tasks"].append({**start, "name": "start-too"})

    outcome = argo.wait(argo.start(argo.deploy(write(folder, TWICE), "inject", change=change)))
    assert outcome.succeeded, outcome.detail
    check_twice(left(argo.s3, outcome.run, "Twice"))


def a_pod_that_is_deleted_and_a_controller_that_restarts(argo: Argo, folder: Path) -> None:
    """The run goes on and succeeds, if the controller repeats the attempt and if it makes the next one."""
    run = argo.start(argo.deploy(write(folder, LONG), "inject"))
    pod = running(argo, run, "middle")
    argo.node.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}?gracePeriodSeconds=0")
    argo.node.restart("workflow-controller")
    outcome = argo.wait(run)
    assert outcome.succeeded, outcome.detail
    assert value(left(argo.s3, argo.id_of(run), "Long"), "middle", "done") == "True"


def a_template_that_the_controller_has_not_heard_of_yet(argo: Argo, _: Path) -> None:
    """It ends the run, whose submission is tried again: the stream of templates may be behind that of workflows by more than a second."""
    spec = argo.deploy(FLOWS["linear"], "inject", "--name", "late")
    manifest = argo.manifests(spec)[0]
    argo.node.call(
        "DELETE", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflowtemplates/{manifest['metadata']['name']}"
    )
    later = threading.Timer(3, argo.node.apply, [manifest])
    later.start()
    run = argo.start(spec)
    later.join()
    outcome = argo.wait(run)
    assert outcome.succeeded, outcome.detail


ACTS = (
    retries_deaths_and_timeouts,
    out_of_memory,
    a_retry_finishes_a_run,
    what_succeeded_is_run_again_when_argo_is_told_to,
    deployments_share_a_datastore,
    a_failure_says_why_and_its_pod_has_what_it_asked_for,
    what_would_fail_again_is_not_tried_again,
    one_task_started_twice_at_once,
    a_pod_that_is_deleted_and_a_controller_that_restarts,
    a_template_that_the_controller_has_not_heard_of_yet,
    exit_hooks_are_called,
)


@pytest.mark.parametrize("scenario", scenarios("argo", *ACTS))
def test_a_fault(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", scenarios("argo", a_loop_of_pods))
def test_a_long_fault(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


def test_what_is_wrong_is_refused_by_the_api_server(argo: Argo) -> None:
    """Checks that strict validation is on. Otherwise applying a manifest in the other tests would prove nothing."""
    manifest = argo.manifests(argo.deploy(FLOWS["linear"], "inject"))[0]
    manifest["spec"]["podGarbage"] = {"strategy": "OnPodSuccess"}
    with pytest.raises(ApiError, match="podGarbage"):
        argo.node.apply(manifest)


def running(argo: Argo, run: str, step: str) -> str:
    """Returns the name of the step's pod, once it runs."""

    def found() -> list[str]:
        pods = argo.node.pods(f"workflows.argoproj.io/workflow={run}")
        return [
            pod["metadata"]["name"]
            for pod in pods
            if pod["status"].get("phase") == "Running" and f"-{step}-" in pod["metadata"]["name"]
        ]

    return until(found, f"a pod of {run} that runs", 900, every=0.3)[0]

"""Steps with packages of their own, on the real node: from archives, and from images that a real registry gives to the real containerd.

Pods have no default route: they reach the datastore and the API server, and no index, which answers at an address of the same machine.
"""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flowc.runtime_shim.contract.address import run_name
from flowc.runtime_shim.environments.description import archive_name
from flowc.runtime_shim.store import open_store

from flowc.environments import build, locks, pylock
from flowc.environments.demand import folder_of
from tests.support.package_index import PackageIndex
from tests.support.s3_server import BUCKET

from .ahead import Ahead, Scenario, scenarios
from .airflow_tasks import Pods
from .airflow_tasks import run as run_on_airflow
from .argo import RUNTIME, SECRET, Argo, Images
from .deploying import PREFIX, STORE, Compiled, Dump, Outcome, compiled, left
from .environments import CONDA, FLOW, PYTHON, SCIENCE, Preparing, channel, check_conda, settings, wheels, write
from .faults import value
from .image_registry import image_registry
from .kubernetes.build import PYTHON as IMAGE
from .kubernetes.node import ADDRESS, ELSEWHERE, NAMESPACE

pytestmark = pytest.mark.node

UNPACKED, IN_IMAGE = "/unpacked/", "/opt/flowc/environments/"


def check(images: Images, outcome: Outcome, place: str) -> None:
    """Each step has seen its own version of the package, at that place, and no index."""
    assert outcome.succeeded, outcome.detail
    found = left(images.s3, outcome.run, "Packed")
    assert value(found, "end", "seen") == "['1.0', '2.0']"
    assert place in value(found, "start", "place") and place in value(found, "end", "place")
    assert value(found, "start", "reached") == "'ENETUNREACH'"
    key = f"{PREFIX}/{run_name('Packed', outcome.run)}start/-.json"
    record = json.loads(images.s3.client().get_object(Bucket=BUCKET, Key=key)["Body"].read())
    assert record["environment"]["packages"].startswith("sha256:")


def an_archive(argo: Argo, folder: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index:
        assert urllib.request.urlopen(index.url.replace("/simple", "/simple/apple")).status == 200, "from this machine"
        flow = Preparing(write(folder, FLOW, index.url), index, argo.s3)
        flow.lock()
        flow.archives()
        outcome = argo.run(flow.path)
    check(argo.images, outcome, UNPACKED)


def an_image(argo: Argo, folder: Path) -> None:
    """The code package is in it too, and not in the datastore."""
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, image_registry() as host:
        flow = Preparing(write(folder, FLOW, index.url), index, argo.s3)
        flow.lock()
        options = flow.images(host, IMAGE, argo.images.python, "--code")
        made = argo.deploy(flow.path, "inject", *options, "--name", "packed-image")
        assert f"{host}/team/flows@sha256:" in made.only(".argo.yaml")
        for each in argo.s3.client().list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/Packed/code/")["Contents"]:
            if f"{code_of(made)}.tar.gz" in each["Key"]:
                argo.s3.client().delete_object(Bucket=BUCKET, Key=each["Key"])
        outcome = argo.wait(argo.start(made))
    check(argo.images, outcome, IN_IMAGE)


def conda_of_an_archive(argo: Argo, folder: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, channel(argo.images.python) as server:
        flow = Preparing(write(folder, CONDA, index.url), index, argo.s3)
        settings(folder, server)
        flow.lock()
        flow.archives()
        outcome = argo.run(flow.path)
    assert outcome.succeeded, outcome.detail
    check_conda(left(argo.s3, outcome.run, "Solved"), UNPACKED)


def conda_of_an_image(argo: Argo, folder: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, channel(argo.images.python) as server:
        flow = Preparing(write(folder, CONDA, index.url), index, argo.s3)
        settings(folder, server)
        flow.lock()
        with image_registry() as host:
            options = flow.images(host, IMAGE, argo.images.python)
            made = argo.deploy(flow.path, "inject", *options, "--name", "solved-image")
            outcome = argo.wait(argo.start(made))
    assert outcome.succeeded, outcome.detail
    check_conda(left(argo.s3, outcome.run, "Solved"), IN_IMAGE)


def code_of(made: Compiled) -> str:
    return made.only(".argo.yaml").split("FLOWC_CODE")[1].partition("sha256:")[2][:64]


def what_does_not_fit_says_so(argo: Argo, folder: Path) -> None:
    """Another machine, C library, Python, and an archive that is damaged: one line, exit code 3, and none of the user's code runs."""
    expected = {
        "machine": "locked for linux/arm64, and this machine is linux/amd64",
        "glibc": "need glibc 2.39 or later, and this container has glibc 2.36",
        "python": "for Python 3.12, and this container has 3.11: give the step an image with Python 3.12",
        "damaged": "runtime/environments/",
        "truncated": "runtime/environments/",
    }
    for case, message in expected.items():
        (folder / case).mkdir()
        with PackageIndex(*wheels()) as index:
            path = write(folder / case, FLOW.replace("class Packed", f"class Packed{case.title()}"), index.url)
            if case == "python":
                path.write_text(path.read_text().replace(f"python='{PYTHON}'", "python='3.12'"))
            flow = Preparing(path, index, argo.s3)
            flow.lock(*{"machine": ("--platform", "linux/arm64"), "glibc": ("--glibc", "2.39")}.get(case, ()))
            if case == "python":
                without_bytecode(path, argo)
            else:
                flow.archives()
        if case in ("damaged", "truncated"):
            damage(path, argo, case)
        run = argo.start(argo.deploy(path, "inject", "--name", f"packed-{case}"))
        outcome = argo.wait(run)
        (said,) = argo.failures(run)["start"]
        assert not outcome.succeeded and "flowc: " in said and message in said and "exit code 3" in said, said
        pod = next(each["metadata"]["name"] for each in argo.node.pods(f"workflows.argoproj.io/workflow={run}"))
        printed = argo.node.pod_log(pod)
        assert "the code of the user" not in printed and "Traceback" not in printed, printed
        assert [line for line in printed.splitlines() if message in line and "flowc: " in line], printed


def locked(path: Path) -> list[pylock.Lock]:
    return [pylock.loads(each.read_text()) for each in sorted(Path(folder_of(str(path))).glob(f"{locks.PREFIX}*"))]


def without_bytecode(path: Path, argo: Argo) -> None:
    """Puts archives there as a machine with the locked Python makes them, but for the bytecode."""
    for lock in locked(path):
        with TemporaryDirectory() as folder:
            Path(folder, "apple.py").write_text("")
            archive = build.pack(folder, lock)
            build.put(open_store(f"{folder}/store"), archive)
            for each in Path(folder, "store", "runtime", "environments").iterdir():
                key = f"{PREFIX}/runtime/environments/{each.name}"
                argo.s3.client().put_object(Bucket=BUCKET, Key=key, Body=each.read_bytes())


def damage(path: Path, argo: Argo, how: str) -> None:
    for lock in locked(path):
        key = f"{PREFIX}/{archive_name(lock.environment)}"
        data = bytearray(argo.s3.client().get_object(Bucket=BUCKET, Key=key)["Body"].read())
        if how == "damaged":
            data[len(data) // 2] ^= 1
        else:
            del data[-20:]
        argo.s3.client().put_object(Bucket=BUCKET, Key=key, Body=bytes(data))


@pytest.mark.parametrize(
    "scenario",
    scenarios("argo", an_archive, an_image, conda_of_an_archive, conda_of_an_image, what_does_not_fit_says_so),
)
def test_on_argo(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


# ── Airflow's pods ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def of_airflow(pods: Pods, path: Path, *options: str) -> tuple[Outcome, str]:
    image = () if "--image" in options else ("--image", IMAGE)
    shared = ("--runtime-image", RUNTIME, "--env-secret", SECRET, "--namespace", NAMESPACE)
    made = compiled(path, "airflow", pods.images.s3, *image, *shared, *options)
    return run_on_airflow(pods.airflow, made.only("_dag.py"), {}, pods.environment), made.only("_dag.py")


def an_image_on_airflow(pods: Pods, folder: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, image_registry() as host:
        flow = Preparing(write(folder, FLOW, index.url), index, pods.images.s3)
        flow.lock()
        outcome, dag = of_airflow(pods, flow.path, *flow.images(host, IMAGE, pods.images.python))
        assert f"{host}/team/flows@sha256:" in dag
    check(pods.images, outcome, IN_IMAGE)


def an_archive_on_airflow(pods: Pods, folder: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index:
        flow = Preparing(write(folder, FLOW, index.url), index, pods.images.s3)
        flow.lock()
        flow.archives()
        outcome, _ = of_airflow(pods, flow.path)
    check(pods.images, outcome, UNPACKED)


def conda_on_airflow(pods: Pods, folder: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, channel(pods.images.python) as server:
        flow = Preparing(write(folder, CONDA, index.url), index, pods.images.s3)
        settings(folder, server)
        flow.lock()
        flow.archives()
        outcome, _ = of_airflow(pods, flow.path)
    assert outcome.succeeded, outcome.detail
    check_conda(left(pods.images.s3, outcome.run, "Solved"), UNPACKED)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "scenario", scenarios("airflow-pods", an_image_on_airflow, an_archive_on_airflow, conda_on_airflow)
)
def test_on_airflow(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


# ── numpy, pandas and scikit-learn ───────────────────────────────────────────────────────────────────────────────────────────────


def check_science(found: Dump, place: str) -> None:
    assert value(found, "start", "line") == "(3.0, 1.0)"
    assert value(found, "start", "versions") == "('2.2.6', '2.2.3', '1.6.1')"
    assert len(eval(value(found, "start", "places"))) == 1 and place.rstrip("/").rpartition("/environments")[
        0
    ] in value(found, "start", "places")
    assert value(found, "start", "reached") == "'ENETUNREACH'"


def science(folder: Path, images: Images) -> Preparing:
    """Locked and built with the public index."""
    flow = Preparing(write(folder, SCIENCE, f"http://{ADDRESS.replace('.0.1', '.9.9')}/"), None, images.s3)
    flow.lock()
    return flow


def science_of_an_archive(argo: Argo, folder: Path) -> None:
    flow = science(folder, argo.images)
    flow.archives()
    outcome = argo.run(flow.path)
    assert outcome.succeeded, outcome.detail
    check_science(left(argo.s3, outcome.run, "Science"), UNPACKED)


def science_of_an_image(argo: Argo, folder: Path) -> None:
    flow = science(folder, argo.images)
    with image_registry() as host:
        made = argo.deploy(
            flow.path,
            "inject",
            *flow.images(host, IMAGE, argo.images.python, "--store", STORE),
            "--name",
            "science-image",
        )
        outcome = argo.wait(argo.start(made))
    assert outcome.succeeded, outcome.detail
    check_science(left(argo.s3, outcome.run, "Science"), IN_IMAGE)


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", scenarios("argo", science_of_an_archive, science_of_an_image))
def test_science_on_argo(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


def science_of_an_image_on_airflow(pods: Pods, folder: Path) -> None:
    flow = science(folder, pods.images)
    with image_registry() as host:
        outcome, _ = of_airflow(pods, flow.path, *flow.images(host, IMAGE, pods.images.python, "--store", STORE))
    assert outcome.succeeded, outcome.detail
    check_science(left(pods.images.s3, outcome.run, "Science"), IN_IMAGE)


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", scenarios("airflow-pods", science_of_an_image_on_airflow))
def test_science_on_airflow(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)

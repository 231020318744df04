"""What every engine needs of a flow: its spec, its code package in the datastore, the result of a local run."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flowc.compiler.pipeline import load
from flowc.runtime_shim.contract.address import run_name

from tests.support.running import dump, flowc, run, said
from tests.support.s3_server import BUCKET, S3Server

from .packages import packages_of

PREFIX = "flows"
STORE = f"s3://{BUCKET}/{PREFIX}"
HERE = "the-local-run"  # the id of local runs, which no other text contains
Dump = dict[str, list[dict[str, Any]]]
Given = dict[str, Any]  # a run's parameters, in their types


@dataclass(frozen=True)
class Outcome:
    """The end of a run on an engine."""

    run: str  # its id
    succeeded: bool
    seconds: float
    tasks: int  # pods, jobs or task instances
    detail: str  # for whoever reads a failure


@dataclass(frozen=True)
class Compiled:
    """A flow that was compiled for one target."""

    flow: str
    files: dict[str, str]  # name → text

    def only(self, suffix: str) -> str:
        (match,) = [text for name, text in self.files.items() if name.endswith(suffix)]
        return match


def compiled(flow: Path, target: str, s3: S3Server | Path, *options: str) -> Compiled:
    """Compiles the flow, and puts its code package into the bucket, or into a folder that is the datastore."""
    store = str(s3) if isinstance(s3, Path) else STORE
    with TemporaryDirectory() as folder:
        flowc("compile", str(flow), "--target", target, "--store", store, "-q", "-o", folder, *options, check=True)
        files = {path.name: path.read_text() for path in Path(folder, target).iterdir()}
        (package,) = Path(folder, "code").iterdir()
        named = re.search(r"FLOWC_FLOW\W+(?:value\W+)?(\w+)", "\n".join(files.values()))
        assert named
        if isinstance(s3, Path):
            (s3 / named[1] / "code").mkdir(parents=True, exist_ok=True)
            shutil.copy(package, s3 / named[1] / "code")
        else:
            key = f"{PREFIX}/{named[1]}/code/{package.name}"
            s3.client().put_object(Bucket=BUCKET, Key=key, Body=package.read_bytes())
    return Compiled(named[1], files)


def named(flow: Path, name: str) -> tuple[str, ...]:
    """The option that names what is deployed; none for a flow that says it itself, by `@project`."""
    own = any(decorator.name == "project" for decorator in load(str(flow)).flow.decorators)
    return () if own else ("--name", name)


def as_text(parameters: Given) -> dict[str, str]:
    """Parameters as a command line has them."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}


def left(s3: S3Server, run_id: str, flow: str, packages: Path | None = None) -> Dump:
    """Returns the result of a run on an engine; it is empty if the first task failed."""
    if (
        not s3.client()
        .list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/{run_name(flow, run_id)}", MaxKeys=1)
        .get("KeyCount")
    ):
        return {}
    return dump(STORE, run_id, flow, env={**s3.environment, **_path(packages)})


def local(shared: Path, flow: Path, parameters: str = "{}") -> tuple[bool, Dump]:
    """Returns True if a local run succeeds, and its result, `without_run`. `parameters` are the flow's, as JSON.

    The tests of each engine run in their own process. The first that asks stores the result in the folder `shared`.
    """
    kept = shared / hashlib.sha256(flow.read_bytes() + parameters.encode()).hexdigest()
    with open(kept.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.with_suffix(".part").write_text(json.dumps(_local(flow, parameters)))
            kept.with_suffix(".part").rename(kept)
    succeeded, artifacts = json.loads(kept.read_text())
    return succeeded, artifacts


def _local(flow: Path, parameters: str) -> tuple[bool, Dump]:
    environment = _path(packages_of(flow))
    with TemporaryDirectory() as folder:
        words = [f"--{name}={value}" for name, value in as_text(json.loads(parameters)).items()]
        done = run(flow, Path(folder), *words, run_id=HERE, env=environment, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.returncode == 0, without_run(dump(folder, HERE, env=environment), HERE)


def _path(packages: Path | None) -> dict[str, str]:
    return {"PYTHONPATH": str(packages)} if packages else {}


def without_run(dump: Dump, run_id: str) -> Dump:
    """Returns the result of a run without its id, so that two runs can be compared."""
    return {
        step: [
            {
                **task,
                "artifacts": {
                    name: {**one, "repr": said(one).replace(run_id, "RUN")} for name, one in task["artifacts"].items()
                },
            }
            for task in tasks
        ]
        for step, tasks in dump.items()
    }

"""What every engine needs of a flow: its spec, its code package in the datastore, and what a local run of it leaves."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
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
    """How a run on an engine ended."""

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
        (found,) = [text for name, text in self.files.items() if name.endswith(suffix)]
        return found


def compiled(flow: Path, target: str, s3: S3Server, *options: str) -> Compiled:
    """Compiles the flow, and puts its code package into the bucket."""
    with TemporaryDirectory() as folder:
        flowc("compile", str(flow), "--target", target, "--store", STORE, "-q", "-o", folder, *options, check=True)
        files = {each.name: each.read_text() for each in Path(folder, target).iterdir()}
        (package,) = Path(folder, "code").iterdir()
        named = re.search(r"FLOWC_FLOW\W+(?:value\W+)?(\w+)", "\n".join(files.values()))
        assert named
        s3.client().put_object(Bucket=BUCKET, Key=f"{PREFIX}/{named[1]}/code/{package.name}", Body=package.read_bytes())
    return Compiled(named[1], files)


def named(flow: Path, name: str) -> tuple[str, ...]:
    """The option that names what is deployed; none for a flow that says it itself, by `@project`."""
    own = any(each.name == "project" for each in load(str(flow)).flow.decorators)
    return () if own else ("--name", name)


def as_text(given: Given) -> dict[str, str]:
    """Parameters as a command line has them."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}


def left(s3: S3Server, run_id: str, flow: str, packages: Path | None = None) -> Dump:
    """What a run on an engine left; nothing if its first task failed."""
    if (
        not s3.client()
        .list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/{run_name(flow, run_id)}", MaxKeys=1)
        .get("KeyCount")
    ):
        return {}
    return dump(STORE, run_id, flow, env={**s3.environment, **_path(packages)})


def local(shared: Path, flow: Path, given: str = "{}") -> tuple[bool, Dump]:
    """Whether a local run succeeds, and what it leaves, `without_run`. `given`: its parameters as JSON.

    Each engine's tests ask for it, in processes of their own; in the folder `shared` the first leaves it for the others.
    """
    kept = shared / hashlib.sha256(flow.read_bytes() + given.encode()).hexdigest()
    with open(kept.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.with_suffix(".part").write_text(json.dumps(_local(flow, given)))
            kept.with_suffix(".part").rename(kept)
    succeeded, found = json.loads(kept.read_text())
    return succeeded, found


def _local(flow: Path, given: str) -> tuple[bool, Dump]:
    environment = _path(packages_of(flow))
    with TemporaryDirectory() as folder:
        words = [f"--{name}={value}" for name, value in as_text(json.loads(given)).items()]
        done = run(flow, Path(folder), *words, run_id=HERE, env=environment, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.returncode == 0, without_run(dump(folder, HERE, env=environment), HERE)


def _path(packages: Path | None) -> dict[str, str]:
    return {"PYTHONPATH": str(packages)} if packages else {}


def without_run(found: Dump, run_id: str) -> Dump:
    """What a run left, without its id, so that it can be compared with another's."""
    return {
        step: [
            {
                **each,
                "artifacts": {
                    name: {**one, "repr": said(one).replace(run_id, "RUN")} for name, one in each["artifacts"].items()
                },
            }
            for each in tasks
        ]
        for step, tasks in found.items()
    }

"""What every engine needs of a flow: its spec, its code package in the datastore, and what a local run of it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.running import dump, flowc, run
from tests.s3_server import BUCKET, S3Server

PREFIX = "flows"
STORE = f"s3://{BUCKET}/{PREFIX}"
Dump = dict[str, list[dict[str, Any]]]


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


def left(s3: S3Server, run_id: str, flow: str, packages: Path | None = None) -> Dump:
    """What a run on an engine left."""
    return dump(STORE, run_id, flow, env={**s3.environment, **({"PYTHONPATH": str(packages)} if packages else {})})


def without_run(found: Dump, step: str) -> dict[str, str]:
    """The artifacts of a step's one task but for those that name the run."""
    return {name: each["repr"] for name, each in found[step][0]["artifacts"].items() if name != "message"}


@cache
def local(flow: Path, parameters: tuple[tuple[str, str], ...] = (), packages: Path | None = None) -> Dump:
    """What a local run leaves; `packages`: a folder of what the flow imports."""
    environment = {"PYTHONPATH": str(packages)} if packages else {}
    with TemporaryDirectory() as folder:
        run(flow, Path(folder), *(word for name, value in parameters for word in (f"--{name}", value)), env=environment)
        return dump(folder, env=environment)

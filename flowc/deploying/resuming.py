"""A run on an engine that goes on from an earlier run: its run.json, which is there before its first task.

The tasks read it, and take over what the earlier run has done (docs/shim.md, Resumed runs). So it works with any
engine: nothing of it is in a spec.
"""

from __future__ import annotations

import time

from flowc.runtime_shim.contract import address, record
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.contract.version import VERSION
from flowc.runtime_shim.local import gc_handshake
from flowc.targets.operating import OVER, Start

from ..terminal import Failure
from .place import asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import Deployed, Engine, EngineRun

KEPT = ("parameters", "namespace", "user", "system_tags", "script")  # of the earlier run's run.json


def origin_of(place: Datastore, flow: str, run: str) -> tuple[str, dict[str, Any]]:
    """Returns the id and the run.json of the earlier run, by default the newest of the flow. Raises Failure."""
    try:
        name = run or next(iter(place.runs(flow)), "")
        before = record.read_run(place.store, flow, name) if name else None
    except ShimError as error:
        raise Failure(str(error)) from None
    if before is None or "ahead" in before:  # its first task has not got so far
        what = f"run {name} of {flow} has left nothing" if name else f"there is no run of {flow}"
        raise Failure(f"{what} in {place.url}: there is nothing to resume; start a new run with `flowc trigger`")
    return name, before


def write_run(
    store: Store, flow: str, run: str, owner: str, target: str, code: str, origin: str, before: dict[str, Any],
    rerun: Sequence[str], verify: bool, tags: Sequence[str],
) -> None:  # fmt: skip
    """Writes run.json of the resumed run. Raises ShimError; a run.json that says the same may be there.

    `before` is the earlier run's run.json, `rerun` the steps that must run again with all that follows them.
    """
    data = {
        "version": record.VERSION, "flow": flow, "run": run, "code": code, "target": target, "started": time.time(),
        "flowc": VERSION, "origin": origin,
        "resume": {"run": origin, "rerun": sorted(rerun), "verify": verify},
        **{name: before[name] for name in KEPT if name in before},
        **({"owner": owner} if owner else {}),
        **({"tags": sorted(tags)} if tags else {}),
    }  # fmt: skip
    name = address.run_record_name(flow, run)
    if not store.put_if_absent(name, record.dumps(data)):
        there = record.read_run(store, flow, run) or {}
        if any(there.get(key) != data.get(key) for key in ("origin", "resume", "code", "owner")):
            raise ShimError(f"run {run!r} of flow {flow} exists already, and does not resume {origin!r} like this")
    gc_handshake.wait(store, flow)


def texts(flow: Flow, before: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Returns the parameters of the earlier run as the engine holds them; tasks read them from run.json."""
    import json

    values = before.get("parameters", {})
    return tuple(
        (one.name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for one in flow.parameters
        if (value := values.get(one.name)) is not None
    )


def of_deployed(
    engine: Engine, store: Store, deployed: Deployed, target: str, origin: str, before: dict[str, Any],
    rerun: Sequence[str], verify: bool, tags: Sequence[str], request: str = "",
) -> tuple[EngineRun, Flow]:  # fmt: skip
    """Starts a run of the deployment that reuses the finished tasks of run `origin`. Raises Failure and Usage."""
    from ..resume_checks import check_steps
    from . import start
    from .records import author

    flow = asked(lambda: start.flow_of(store, deployed))
    check_steps(list(rerun), [step.name for step in flow.steps])

    def write(run: EngineRun) -> None:
        write_run(store, deployed.flow, run.id, run.owner, target, deployed.code, origin, before, rerun, verify, tags)

    by = str(author("")["user"])
    order = Start(deployed, texts(flow, before), request, by, write)
    return asked(lambda: engine.trigger(order)), flow


def must_be_over(run: EngineRun | None) -> None:
    """Raises Failure if the earlier run is under way."""
    if run is not None and run.state not in OVER:
        raise Failure(f"run {run.id} is {run.state}: wait for its end, or end it with `flowc terminate {run.id}`")

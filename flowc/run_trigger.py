"""`flowc run --trigger FLOW/RUN`: the run that a local run of a flow with `@trigger_on_finish` follows."""

from __future__ import annotations

from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Flow


def events(pathspecs: Sequence[str], flow: Flow, store: str) -> list[dict[str, Any]]:
    """Returns the events of the ends of these runs, for run.json's `trigger`.

    `store` is the URL of the datastore that has the runs. Raises Usage for a flow without `@trigger_on_finish`, and
    for a run that has not succeeded.
    """
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.client.run import Run
    from flowc.runtime_shim.client.trigger import Trigger

    if not any(decorator.name == "trigger_on_finish" for decorator in flow.decorators):
        raise Usage("`--trigger` needs a flow with `@trigger_on_finish`", f"add the decorator to `{flow.name}`")
    place = Datastore(store)
    runs = []
    for pathspec in dict.fromkeys(pathspecs):
        upstream, _, name = pathspec.partition("/")
        if not upstream or not name:
            raise Usage(f"`--trigger {pathspec}` names no run", "write it as FLOW/RUN")
        if place.run(upstream, name) is None:
            raise Usage(
                f"there is no run {name!r} of flow {upstream} in {store}", f"`flowc runs {upstream}` lists them"
            )
        run = Run._made(place, (upstream, name))
        if not run.successful:
            raise Usage(f"run {pathspec} has not succeeded", "only the end of a successful run starts another flow")
        runs.append(run)
    return [
        {
            "name": event.name, "id": event.id, "type": event.type,
            "timestamp": event.timestamp.timestamp() if event.timestamp is not None else None,
        }
        for event in Trigger.from_runs(runs)
    ]  # fmt: skip

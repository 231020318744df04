"""Finds out to whom a task's run belongs, and which code it continues with. Start reading at `read_beginning`.

A run belongs to one run of one engine, and keeps its initial code. What an operator asks to run again uses the code
that is deployed by then: the first task of the request fixes it for all that follow (docs/shim.md, Runs and starts).
"""

from __future__ import annotations

import time

from ..contract import address, record
from ..contract.errors import DamagedError, ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Optional

    from ..contract.graph import Graph
    from ..contract.start import Start
    from ..store import Store

_DAY = 86400
# seconds after which Step Functions lets a name of an execution be reused (StartExecution, API reference)
_REUSE = 90 * _DAY


class Beginning:
    """The run's state at the start of a task.

    `data` is run.json, None before the first task has written it. `code` is the digest of the code package that the
    task must run.
    """

    def __init__(
        self, data: Optional[Dict[str, Any]] = None, code: str = "", is_anew: bool = False, is_asked: bool = False
    ) -> None:
        self.data, self.code = data, code
        self.is_anew = is_anew  # the first task is started again: no result of the run counts
        self.is_asked = is_asked  # an operator asked for the first task since run.json was written

    @property
    def ahead(self) -> Optional[Dict[str, Any]]:
        """What whoever started the run has written of run.json ahead of it; None once the first task has written it."""
        return None if self.data is None else self.data.get("ahead")

    @property
    def resume(self) -> Optional[Dict[str, Any]]:
        """How the run resumes an earlier one, if it does (`taking_over.py`)."""
        return None if self.data is None else self.data.get("resume")


def read_beginning(store: Store, flow: str, run: str, step: str, path: str, start: Start, code: str) -> Beginning:
    """Returns the run's state for this start of a task that was given code `code`.

    Raises ShimError for a run that belongs to a different run of an engine, and for code that the run cannot continue
    with.
    """
    try:
        data = record.read_run(store, flow, run)
    except DamagedError:  # the first task writes it again; later tasks report it when they need the parameters
        data = None
    if data is None:
        return Beginning(None, code)
    record.check_owner(flow, run, data, start.owner)
    first = data.get("start") or {}
    is_first = first.get("step") == step and path == address.ROOT
    number = int(first.get("number") or 0)
    is_asked = is_first and start.asks_again(first, number)
    if is_first and not is_asked:
        _check_age(flow, run, data, start)
    if is_asked and start.request == int(first.get("request") or 0) and start.first <= number:
        return Beginning(data, code, is_anew=not start.is_run_unique, is_asked=True)
    if not code:  # an older spec, or a folder with an unknown digest
        return Beginning(data, code, is_asked=is_asked)
    began = str(data.get("code", ""))
    if not start.request:
        if code != began:
            _check_graphs(store, flow, run, began, code, asked=False)
        return Beginning(data, began)
    if is_asked and code != began and not _has_records(store, flow, run):
        return Beginning(data, _code_of_request(store, flow, run, start.request, code), is_anew=True, is_asked=True)
    return Beginning(data, _code_of_request(store, flow, run, start.request, code, began), is_asked=is_asked)


def _check_age(flow: str, run: str, data: Mapping[str, Any], start: Start) -> None:
    """Raises ShimError if an earlier execution of Step Functions, which is over by now, had the same name."""
    if (
        data.get("target") == "step-functions"
        and start.owner
        and not start.request
        and time.time() - float(data.get("started") or 0) > _REUSE
    ):
        raise ShimError(
            f"run {run!r} of flow {flow} began{record.since(data)} and is over: an earlier execution of the same name "
            "left these records. "
            "Start the execution under a name that was never used"
        )


def _code_of_request(store: Store, flow: str, run: str, request: int, code: str, began: str = "") -> str:
    """Returns the code for request number `request`: that of the first task that the request started.

    `began` is the code whose graph the new code must match; "" if nothing of the run is left.
    """
    name = address.code_of_request_name(flow, run, request)
    data = store.get(name)
    if data is None:
        if began and code != began:
            _check_graphs(store, flow, run, began, code, asked=True)
        answer = record.dumps({"version": record.VERSION, "code": code, "time": time.time()})
        if store.put_if_absent(name, answer):
            return code
        data = store.get(name) or answer
    return str(record.loads(data, name)["code"])


def _has_records(store: Store, flow: str, run: str) -> bool:
    from ..contract.tasks import tasks

    return next(tasks(store, flow, run), None) is not None


def _check_graphs(store: Store, flow: str, run: str, began: str, code: str, asked: bool) -> None:
    """Raises ShimError unless the graphs of the two code packages are the same."""
    if shape(_graph(store, flow, began)) == shape(_graph(store, flow, code)):
        return
    how = "with the steps and parameters that it began with" if asked else "as it began"
    raise ShimError(
        f"run {run!r} of flow {flow} began with code {began}, but this task was deployed with {code}, whose steps or "
        "parameters differ. "
        f"The run can only continue {how}: deploy that code again, or start a new run"
    )


def _graph(store: Store, flow: str, digest: str) -> Graph:
    from ..contract import code_package

    return code_package.graph(store, flow, digest)


def shape(graph: Graph) -> Dict[str, Any]:
    """Returns the steps, their transitions and the parameters.

    Two versions of a flow must share them for a run to continue from one with the other.
    """
    steps = {name: [graph.step(name)["is_join"], _plain(graph.step(name)["transition"])] for name in graph.steps}
    return {
        "steps": steps,
        "start": graph.start,
        "parameters": sorted([parameter["name"], parameter["type"]] for parameter in graph.flow["parameters"]),
    }


def _plain(value: Any) -> Any:
    """Returns the value without its places in the source."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if name != "span"}
    return [_plain(item) for item in value] if isinstance(value, list) else value

"""The profile of a flow, from the records and failures that its past runs left in a datastore."""

from __future__ import annotations

from flowc.compiler.optimize.profile import CAUGHT, FAILED, MEMORY, SUCCEEDED, VISITS, WIDTH, Profile, Spread, spread
from flowc.runtime_shim.client import successors
from flowc.runtime_shim.client.datastore import records_of
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.errors import DamagedError
from flowc.runtime_shim.task import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.contract.record import Record

    Task = tuple[str, str]  # step and path
    Numbers = dict[tuple[str, str], list[float]]  # step and measure → what was measured

LEAST_START = 0.2  # seconds; no engine starts a container sooner: one ran both tasks


def run_profile(place: Datastore, flow: str, limit: int, target: str = "") -> Profile:
    """Returns the profile of the flow's newest runs, at most `limit`: of all targets, or of one.

    A run counts as far as it got. Tasks that it took over from an earlier run count only there. Raises ShimError.
    """
    numbers: Numbers = {}
    chosen: dict[str, dict[str, int]] = {}
    starts: dict[str, list[float]] = {}
    inside: dict[str, list[float]] = {}
    count = 0
    for run in place.runs(flow):
        its_target = str((place.run(flow, run) or {}).get("target") or "")
        if count == limit:
            break
        if target and its_target != target:
            continue
        records = _run(place, flow, run, numbers)
        graph = place.graph(flow, run)
        least = 0 if its_target == "local" else LEAST_START
        for gap, is_shared in gaps(graph, records):
            (inside if is_shared or gap < least else starts).setdefault(its_target, []).append(gap)
        for done in records.values():
            if done.step in graph.steps and graph.kind(done.step) == "switch" and done.next[0] != done.step:
                counts = chosen.setdefault(done.step, {})
                counts[done.next[0]] = counts.get(done.next[0], 0) + 1
        count += bool(records)
    steps: dict[str, dict[str, list[float]]] = {}
    for (step, measure), values in numbers.items():
        steps.setdefault(step, {})[measure] = values
    return Profile(
        flow,
        count,
        _spreads(starts),
        _spreads(inside),
        {step: _spreads(measures) for step, measures in steps.items()},
        chosen,
    )


def _spreads(measured: dict[str, list[float]]) -> dict[str, Spread]:
    """Returns the percentiles of each list that is not empty."""
    return {name: numbers for name, values in measured.items() if name and (numbers := spread(values))}


def _run(place: Datastore, flow: str, run: str, numbers: Numbers) -> dict[Task, Record]:
    """Adds the numbers of one run, and returns its records."""
    graph = place.graph(flow, run)
    records: dict[Task, Record] = {}
    visits: dict[Task, int] = {}  # loop and path outside it → how many there were when it was left
    for step in place.steps(flow, run):
        listings = place.tasks(flow, run, step)
        failures = [(path, attempt) for path, listing in listings.items() for attempt in listing.failures]
        for failed in place.each(failures, lambda task, step=step: failure.read(place.store, flow, run, step, *task)):  # type: ignore[misc]
            if failed.get("started") and failed.get("time"):
                _add(numbers, step, FAILED, float(failed["time"]) - float(failed["started"]))
        for path, done in _whole_records(place, flow, run, step, listings):
            if done is None or done.data.get("origin"):
                continue
            records[step, path] = done
            outcome = CAUGHT if done.data.get("caught") else SUCCEEDED
            _add(numbers, step, outcome, float(done.data["ended"]) - float(done.data["started"]))
            if done.data.get("memory"):
                _add(numbers, step, MEMORY, float(done.data["memory"]))
            if done.splits is not None:
                _add(numbers, step, WIDTH, float(done.splits))
            if step in graph.steps and graph.is_loop(step) and step not in done.next:
                visits[step, address.leave(path)] = address.visit(path) + 1
    for (step, _), count in visits.items():
        _add(numbers, step, VISITS, float(count))
    return records


def _whole_records(
    place: Datastore, flow: str, run: str, step: str, paths: Iterable[str]
) -> Iterator[tuple[str, Record | None]]:
    """Yields the step's records, or None for a task without one; one by one from the first that is damaged."""
    paths = list(paths)
    try:
        yield from list(records_of(place, flow, run, step, paths))
    except DamagedError:
        for path in paths:
            try:
                yield path, place.record(flow, run, step, path)
            except DamagedError:
                yield path, None


def gaps(graph: Graph, records: dict[Task, Record]) -> Iterator[tuple[float, bool]]:
    """Yields the seconds from the end of a task's last predecessor to its start, and True if they share a container.

    Of the tasks that a foreach makes, only the first to start counts, since the others may have waited for room. A task
    does not count if it was tried or asked for again.
    """
    ended: dict[Task, Record] = {}  # task → the last of its predecessors to end
    for done in records.values():
        if done.step not in graph.steps:
            continue
        for task in successors.of(graph, done):
            before = ended.get(task)
            if before is None or done.data["ended"] > before.data["ended"]:
                ended[task] = done
    first: dict[tuple[str, str, str], tuple[float, bool]] = {}  # predecessor and step → the least of these gaps
    for (step, path), before in ended.items():
        after = records.get((step, path))
        if after is None or after.attempt or _request(before) != _request(after):
            continue
        gap = max(0.0, float(after.data["started"]) - float(before.data["ended"]))
        key = before.step, before.path, step
        first[key] = min((gap, _shares(before, after)), first.get(key, (gap, True)))
    yield from first.values()


def _request(done: Record) -> int:
    return int((done.data.get("start") or {}).get("request") or 0)


def _shares(before: Record, after: Record) -> bool:
    """Returns True if one start of a container ran both tasks; engines that do not name starts do not tell."""
    one, other = before.data.get("start") or {}, after.data.get("start") or {}
    return bool(one.get("id")) and (one.get("id"), one.get("task")) == (other.get("id"), other.get("task"))


def _add(numbers: Numbers, step: str, measure: str, number: float) -> None:
    numbers.setdefault((step, measure), []).append(max(0.0, round(number, 3)))

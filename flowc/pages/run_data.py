"""Reads a run from the datastore into the data of its page.

Tasks are columns, not rows: a run of 10,000 tasks is about 100 KB. `Limits` bounds what each task adds to it: logs,
artifacts and cards. What is left out is said on the page.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import address

from .. import source_form
from . import values
from .log_lines import log_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore, TaskListing
    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.contract.record import Record
    from flowc.runtime_shim.store import Store

VERSION = 1
DONE, REUSED, FAILED, RETRYING, UNFINISHED = "done", "reused", "failed", "retrying", "unfinished"
DETAILED = 2000  # tasks whose artifacts are listed if the run has more
VALUES = 20_000  # tasks above which foreach values are left out


@record
class Limits:
    """How much of the run goes into the page."""

    logs: str = "all"  # "all", "failed" or "none"
    cards: str = "all"  # "all", "none" or the id of cards
    size: int = 20 << 20  # bytes of logs and cards together
    is_served: bool = False  # logs and cards are named only: a server gives them to the page when they are looked at


@record
class _Task:
    step: str
    path: str
    seen: TaskListing
    record: Record | None
    state: str
    failures: tuple[dict[str, Any], ...]  # of failed attempts, in order

    @property
    def attempts(self) -> int:
        last = self.record.attempt if self.record is not None else -1
        return 1 + max([last, *self.seen.attempts])


def collect(
    place: Datastore, flow: str, run: str, limits: Limits, is_over: bool = False, unread: Container[str] = ()
) -> dict[str, Any]:
    """Returns the data of the run's page, JSON in plain types. Raises ShimError.

    The process that drove the run passes `is_over` once it has finished with it. `unread` names records that the
    datastore has and does not give yet: such a task is done, and its times are unknown.
    """
    from ..run_status import FAILED as RUN_FAILED
    from ..run_status import status

    graph = place.graph(flow, run)
    about = place.run(flow, run) or {}
    state, ended = status(place, flow, run, is_over)
    tasks = list(_tasks(place, flow, run, graph, ended is not None or state == RUN_FAILED, unread))
    left_out: list[str] = []
    budget = _Budget(limits.size)
    detailed = _detailed(tasks)
    if len(detailed) < len(tasks):
        left_out.append(
            f"artifacts of {len(tasks) - len(detailed):,} tasks; `flowc dump {run}/STEP/PATH` prints those of one"
        )
    return {
        "version": VERSION,
        "run": _about(place, flow, run, about, state, ended),
        "steps": [step_of(graph, step) for step in graph.flow["steps"]],
        "tasks": _columns(place, flow, run, about, tasks),
        "failures": {str(number): list(task.failures) for number, task in enumerate(tasks) if task.failures},
        "artifacts": _artifacts(tasks, detailed),
        "facts": _facts(tasks, detailed),
        "logs": _logs(place, flow, run, tasks, limits, budget, left_out),
        "cards": _cards(place, flow, run, graph, tasks, limits, budget, left_out),
        "left_out": left_out,
    }


class _Budget:
    """The bytes that logs and cards may still take."""

    def __init__(self, size: int) -> None:
        self.left = size

    def takes(self, size: int) -> bool:
        if size > self.left:
            return False
        self.left -= size
        return True


def _about(
    place: Datastore, flow: str, run: str, about: dict[str, Any], state: str, ended: float | None
) -> dict[str, Any]:
    from flowc.runtime_shim.client import tags

    kept = ("user", "namespace", "target", "owner", "origin", "script", "code", "python", "flowc", "git", "started")
    return {
        "flow": flow,
        "run": run,
        "status": state,
        "ended": ended,
        **{key: about[key] for key in kept if about.get(key) is not None},
        "parameters": {
            name: values.text_of(value, 2000) for name, value in sorted((about.get("parameters") or {}).items())
        },
        "tags": sorted(tags.user(place, flow, run)),
        "system_tags": sorted(tags.system(place, flow, run)),
    }


def step_of(graph: Graph, step: dict[str, Any]) -> dict[str, Any]:
    """Returns what a page shows of a step: a step of the IR's JSON form, with its transition in words."""
    transition = step["transition"]
    labels: dict[str, list[str]] = {}
    for case in transition.get("cases", ()):
        labels.setdefault(case["target"], []).append(values.text_of(case["value"], 40))
    return {
        "name": step["name"],
        "doc": step.get("doc", ""),
        "kind": "join" if step["is_join"] else transition["kind"],
        "over": transition.get("over") or "",
        "decorators": [
            source_form.call(decorator["name"], decorator["attributes"]) for decorator in step["decorators"]
        ],
        "targets": [[target, ", ".join(labels.get(target, ()))] for target in graph.targets(step["name"])],
    }


# ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tasks(
    place: Datastore, flow: str, run: str, graph: Graph, is_over: bool, unread: Container[str]
) -> Iterator[_Task]:
    """Yields the tasks that left something in the datastore: steps in the order they ran, then by path."""
    from flowc.runtime_shim.contract.errors import DamagedError
    from flowc.runtime_shim.task import failure

    for step in place.steps(flow, run)[::-1]:
        listing = place.tasks(flow, run, step)
        paths = list(reversed(listing))

        def read(path: str, step: str = step, listing: dict[str, TaskListing] = listing) -> _Task:
            seen = listing[path]
            try:
                done = place.record(flow, run, step, path) if seen.has_record else None
            except DamagedError:
                done = None
            store = place.store
            failures = tuple(
                _failure(failure.read(store, flow, run, step, path, attempt), attempt)
                for attempt in sorted(seen.failures)
            )
            is_unread = done is None and address.record_name(flow, run, step, path) in unread
            state = DONE if is_unread else _state(graph, step, seen, done, is_over)
            return _Task(step, path, seen, done, state, failures)

        yield from place.each(paths, read)


def _state(graph: Graph, step: str, seen: TaskListing, done: Record | None, is_over: bool) -> str:
    if done is not None:
        return REUSED if done.data.get("origin") else DONE
    if seen.failures and (is_over or max(seen.failures) + 1 >= graph.attempts(step)):
        return FAILED
    return RETRYING if seen.failures else UNFINISHED


def _failure(data: dict[str, Any], attempt: int) -> dict[str, Any]:
    kept = ("started", "time", "type", "message", "traceback")
    return {"attempt": attempt, **{key: data[key] for key in kept if data.get(key) is not None}}


def _columns(place: Datastore, flow: str, run: str, about: dict[str, Any], tasks: list[_Task]) -> dict[str, Any]:
    """Returns the tasks as columns. Times are in milliseconds: `begin` after `t0`, itself since the epoch."""
    t0 = round(1000 * (about.get("started") or min((_span(task)[0] for task in tasks), default=0)))
    spans = [_span(task) for task in tasks]
    states = (DONE, REUSED, FAILED, RETRYING, UNFINISHED)
    return {
        "t0": t0,
        "step": _runs([task.step for task in tasks]),
        "path": [task.path for task in tasks],
        "states": states,
        "state": "".join(str(states.index(task.state)) for task in tasks),
        "begin": [round(1000 * began) - t0 if began else None for began, _ in spans],
        "duration": [round(1000 * (ended - began)) if began and ended else None for began, ended in spans],
        "attempts": _runs([task.attempts for task in tasks]),
        "last": {  # when the last attempt began, of tasks that were tried several times
            str(number): round(1000 * float(task.record.data.get("started") or 0)) - t0
            for number, task in enumerate(tasks)
            if task.failures and task.record is not None
        },
        "value": _foreach_values(place, flow, tasks) if len(tasks) <= VALUES else [],
        **_containers(tasks),
    }


def _containers(tasks: list[_Task]) -> dict[str, Any]:
    """Returns the containers that ran several tasks each, if there are any.

    `containers` are their steps and paths. In `container`, a task has the number of its container, from 1; 0 is one of
    its own.
    """
    names = ["/".join((task.record and task.record.data.get("container")) or ()) for task in tasks]
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    shared = [name for name, count in counts.items() if name and count > 1]
    if not shared:
        return {}
    numbers = {name: number for number, name in enumerate(shared, 1)}
    return {"containers": shared, "container": _runs([numbers.get(name, 0) for name in names])}


def _span(task: _Task) -> tuple[float, float]:
    """Returns when the task's first attempt started and its last one ended, in seconds since the epoch; 0 unknown."""
    began = [float(failure["started"]) for failure in task.failures if failure.get("started")]
    ended = [float(failure["time"]) for failure in task.failures if failure.get("time")]
    if task.record is not None:
        began += [float(task.record.data.get("started") or 0)]
        ended += [float(task.record.data.get("ended") or 0)]
    return min(began, default=0), max(ended, default=0)


def _runs(column: Iterable[Any]) -> list[list[Any]]:
    """Run-length encoding.

    >>> _runs("aab")
    [['a', 2], ['b', 1]]
    """
    runs: list[list[Any]] = []
    for item in column:
        if runs and runs[-1][0] == item:
            runs[-1][1] += 1
        else:
            runs.append([item, 1])
    return runs


def expanded(runs: Iterable[list[Any]]) -> list[Any]:
    """Returns the column that was run-length encoded.

    >>> expanded([["a", 2], ["b", 1]])
    ['a', 'a', 'b']
    """
    return [item for item, count in runs for _ in range(count)]


def _foreach_values(place: Datastore, flow: str, tasks: list[_Task]) -> list[str]:
    """Returns for each task the item of its innermost foreach, as text; "" where it is unknown or no plain value."""
    lists: dict[tuple[str, str], list[Any]] = {}
    by_name = {(task.step, task.path): task for task in tasks}

    def item(task: _Task) -> str:
        if task.record is None or not task.record.stack:
            return ""
        split = task.record.stack[-1]
        try:
            source = (split["step"], address.parent(task.path))
            index = address.indices(task.path)[-1]
        except (address.BadPath, IndexError, KeyError):
            return ""
        if source not in lists:
            lists[source] = _items(place.store, flow, by_name.get(source), str(split.get("over") or ""))
        items = lists[source]
        return values.text_of(items[index], 80) if index < len(items) else ""

    return [item(task) for task in tasks]


def _items(store: Store, flow: str, task: _Task | None, over: str) -> list[Any]:
    if task is None or task.record is None or over not in task.record.artifacts:
        return []
    value, is_plain = values.stored(store, flow, task.record.artifacts[over])
    return list(value) if is_plain and isinstance(value, (list, tuple)) else []


# ── details ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _detailed(tasks: list[_Task]) -> set[int]:
    """Returns the numbers of the tasks whose artifacts are listed: all, or the first of each step."""
    if len(tasks) <= DETAILED:
        return set(range(len(tasks)))
    counts: dict[str, int] = {}
    numbers = set()
    for number, task in enumerate(tasks):
        counts[task.step] = counts.get(task.step, 0) + 1
        if counts[task.step] <= 20:
            numbers.add(number)
    return numbers


def _artifacts(tasks: list[_Task], detailed: set[int]) -> dict[str, Any]:
    """Returns the artifacts: `kinds` are the distinct [name, type, size, digest, text], `of` their numbers by task."""
    from flowc.runtime_shim.artifacts.manifest import INTERNAL

    kinds: list[list[Any]] = []
    numbers: dict[tuple[str, str], int] = {}
    of: dict[str, list[int]] = {}
    for number, task in enumerate(tasks):
        if number not in detailed or task.record is None:
            continue
        own = []
        for name, entry in sorted(task.record.artifacts.items()):
            if name.startswith(INTERNAL):
                continue
            key = (name, entry["digest"])
            if key not in numbers:
                value, is_plain = values.inlined(entry)
                numbers[key] = len(kinds)
                text = values.text_of(value) if is_plain else ""
                kinds.append([name, entry["type"], entry["size"], entry["digest"][:12], text])
            own.append(numbers[key])
        of[str(number)] = own
    return {"kinds": kinds, "of": of}


def _facts(tasks: list[_Task], detailed: set[int]) -> dict[str, Any]:
    """Returns what ran the tasks: `kinds` are the distinct environments, `of` [its number, MiB, start] by task."""
    kinds: list[dict[str, str]] = []
    of: dict[str, list[Any]] = {}
    for number, task in enumerate(tasks):
        if number not in detailed or task.record is None:
            continue
        data = task.record.data
        environment = data.get("environment") or {}
        kind = {
            key: str(environment[key]) for key in ("python", "platform", "packages", "digest") if key in environment
        }
        if kind not in kinds:
            kinds.append(kind)
        start = data.get("start") or {}
        of[str(number)] = [kinds.index(kind), data.get("memory"), str(start.get("id") or start.get("task") or "")]
    return {"kinds": kinds, "of": of}


def _logs(
    place: Datastore, flow: str, run: str, tasks: list[_Task], limits: Limits, budget: _Budget, left_out: list[str]
) -> dict[str, Any]:
    """Returns `{"TASK/ATTEMPT": {"lines": [[ms since the epoch, stream, text]…], "cut": lines left out}}`.

    Logs of failed attempts come first while there is room.
    """
    if limits.logs == "none":
        left_out.append("logs, as asked")
        return {}
    attempts = [(number, attempt) for number, task in enumerate(tasks) for attempt in task.seen.logs]
    if limits.logs == "failed":
        attempts = [(number, attempt) for number, attempt in attempts if attempt in tasks[number].seen.failures]
    if limits.is_served:
        return {f"{number}/{attempt}": None for number, attempt in attempts}
    attempts.sort(key=lambda pair: (pair[1] not in tasks[pair[0]].seen.failures, *pair))
    logs: dict[str, Any] = {}
    missing = 0
    for at in range(0, len(attempts), 64):
        window = attempts[at : at + 64]

        def read(pair: tuple[int, int]) -> bytes | None:
            task = tasks[pair[0]]
            return place.store.get(address.task_name(flow, run, task.step, task.path, f"{pair[1]}.log"))

        for (number, attempt), data in zip(window, place.each(window, read)):
            log = log_of(data or b"")
            if budget.takes(sum(len(line[2]) for line in log["lines"])):
                logs[f"{number}/{attempt}"] = log
            else:
                missing += 1
        if budget.left < 1024:
            missing += len(attempts) - at - len(window)
            break
    if missing:
        left_out.append(f"logs of {missing:,} attempts, for size; `flowc logs {run}/STEP/PATH` prints one")
    return logs


def _cards(
    place: Datastore,
    flow: str,
    run: str,
    graph: Graph,
    tasks: list[_Task],
    limits: Limits,
    budget: _Budget,
    left_out: list[str],
) -> dict[str, Any]:
    """Returns `{"TASK": [{type, id, attempt, hash, html, scripts}]}`. Cards that have no room have no `html`."""
    from flowc.runtime_shim.cards.client import Card, cards_of, origin_of
    from flowc.runtime_shim.cards.stored import cards_of_step
    from flowc.runtime_shim.client.task import Task
    from flowc.runtime_shim.contract.errors import ShimError

    cards: dict[str, list[dict[str, Any]]] = {}
    if limits.cards == "none":
        left_out.append("cards, as asked")
        return cards
    missing = 0
    of_steps: dict[str, list[tuple[int, _Task]]] = {}
    for number, task in enumerate(tasks):
        of_steps.setdefault(task.step, []).append((number, task))
    for step, numbered in of_steps.items():
        if graph.decorator(step, "card") is None:
            continue
        entries = cards_of_step(place.store, flow, run, step, "")
        for number, task in numbered:
            client_task = Task._made(place, (flow, run, step, task.path))
            own = [Card(client_task, entry) for entry in entries.get(task.path, ())]
            if not own and task.state == REUSED:
                origin = origin_of(client_task)
                own = [] if origin is None else cards_of(origin)
            for card in own:
                if limits.cards not in ("all", card.id):
                    continue
                about = {"type": card.type, "id": card.id, "attempt": card.attempt, "hash": card.hash}
                if limits.is_served:
                    live = {"live": True} if card.is_live else {}
                    cards.setdefault(str(number), []).append({**about, "scripts": card.is_html, **live})
                    continue
                try:
                    html, why = card.without_charts(), "left out for size"
                except ShimError as error:
                    html, why = "", str(error)
                if html and not budget.takes(len(html)):
                    html, missing = "", missing + 1
                content: dict[str, Any] = {"html": None, "why": why}
                if html:
                    content = {"html": html, "scripts": card.is_html, **({"charts": True} if card.has_charts else {})}
                cards.setdefault(str(number), []).append({**about, **content})
    if missing:
        left_out.append(f"{missing:,} cards, for size; `flowc card get {run}/STEP/PATH` writes one")
    return cards

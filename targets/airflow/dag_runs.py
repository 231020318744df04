"""Runs on Airflow: DAG runs and their task instances, in the words that all engines share."""

from __future__ import annotations

import json
import re
import time

from flowc.compiler.fast_start.record import record, replace
from flowc.targets.operating import (
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    SUSPENDED,
    TERMINATED,
    TIMED_OUT,
    EngineError,
    EngineRun,
    EngineTask,
)

from . import dag_file
from .deployed_dag import is_stale, source
from .server import Conflict, Invalid, Missing, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from flowc.targets.operating import Start

    from .dag_file import DagFile
    from .server import Server

_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")  # [scheduler] allowed_run_id_pattern
_STATES = {"queued": PENDING, "running": RUNNING, "success": SUCCEEDED, "failed": FAILED}
_TASK_STATES = {
    "scheduled": PENDING, "queued": PENDING, "restarting": PENDING, "up_for_retry": PENDING,
    "up_for_reschedule": RUNNING, "deferred": RUNNING, "running": RUNNING, "success": SUCCEEDED,
    "failed": FAILED, "upstream_failed": FAILED,
}  # fmt: skip
TERMINATED_BY = "Terminated with flowc"
REASONS = 3  # failed tasks whose logs are read for a reason
REASON = 300  # most characters of one
_NOTE = 1000  # most characters of a run's note


@record
class Handle:
    """What the engine keeps of a run."""

    dag: str
    run: str
    note: str
    file: DagFile | None


class Address:
    """The end of runs' ids: the address that the installation has for itself, or the name that it was given."""

    def __init__(self, server: Server, installation: str) -> None:
        self._server, self._installation = server, installation
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()

    def of(self, dag: str, file: DagFile | None, instances: list[Any] | None = None) -> str:
        """Returns the end of the ids of the DAG's runs.

        A task that has begun tells it; until then, the address is taken for that by which flowc reaches the server.
        """
        if file is not None and file.installation:
            return file.installation
        if self._installation:
            return self._installation
        if dag not in self._known:
            self._look(dag, instances or [])
        return self._known.get(dag) or self._server.url.partition("//")[2]

    def _look(self, dag: str, instances: list[Any]) -> None:
        """Looks for the address in tasks of a run or, once, in those that have begun last."""
        if not any(map(_told, instances)) and dag not in self._asked:
            self._asked.add(dag)
            begun = {"state": ["running", "success", "failed"], "limit": 20}
            order = {} if self._server.is_2 else {"order_by": "-start_date"}
            answer = self._server.get(f"/dags/{part(dag)}/dagRuns/~/taskInstances", **begun, **order) or {}
            instances = answer.get("task_instances") or []
        for end in filter(None, map(_told, instances)):
            self._known[dag] = end


def _told(instance: dict[str, Any]) -> str:
    """Returns the end of the run's id in the environment that the task was given; "" if it was given none."""
    fields = instance.get("rendered_fields") or {}
    for name in ("env", "env_vars"):  # a table, a list of variables, or the text of either
        found = re.search(r"FLOWC_RUN\W+(?:value\W+)?([^'\"\\]+@[^'\"\\]+)", json.dumps(fields.get(name) or ""))
        if found is not None:
            return found[1].rpartition("@")[2]
    return ""


def trigger(server: Server, address: Address, start: Start) -> EngineRun:
    """Starts a run. Airflow keeps a run of a paused DAG waiting for ever, so none is started there."""
    name = start.deployed.name
    dag = server.get(f"/dags/{part(name)}")
    if dag is None or is_stale(dag):
        raise EngineError(f"Airflow no longer finds the file of DAG {name}", "deploy the flow again")
    run = start.request or f"flowc-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{_letters()}"
    if not _RUN_ID.fullmatch(run):
        raise EngineError(f"`{run}` is no id of a run on Airflow", "use letters, digits and _ . ~ : + -")
    text = source(server, dag)
    file = dag_file.parsed(text)
    conf = _conf(start.parameters, file)
    path = f"/dags/{part(name)}/dagRuns"
    earlier = server.get(f"{path}/{part(run)}")
    if earlier is None and dag.get("is_paused"):
        message = f"DAG {name} is paused, and Airflow runs nothing of a paused DAG"
        raise EngineError(message, f"run `flowc unpause {name}` first")
    existed = earlier is not None
    _check_conf(run, earlier, conf)
    if start.begin is not None:
        start.begin(run_of(server, address, dag, earlier or {"dag_run_id": run, "state": "queued"}, file))
    if earlier is None:
        by = f" by {start.by}" if start.by else ""
        body: dict[str, Any] = {"dag_run_id": run, "conf": conf, "note": f"Started with flowc{by}"}
        if not server.is_2:
            body["logical_date"] = None
        try:
            earlier = server.call("POST", path, body)
        except Conflict:  # it was started at this moment, perhaps by this order, whose answer was lost
            earlier = server.get(f"{path}/{part(run)}")
            existed = bool(start.request)
            if earlier is None:
                raise EngineError(f"run {run} was deleted at this moment", "run the same command again") from None
        except Missing:
            raise EngineError(f"Airflow no longer has DAG {name}", "deploy the flow again") from None
        except Invalid as error:
            raise EngineError(error.message, "check the parameters, and Airflow's import errors") from None
    _check_conf(run, earlier, conf)
    return replace(run_of(server, address, dag, earlier, file), existed=existed)


def _check_conf(run: str, earlier: dict[str, Any] | None, conf: dict[str, Any]) -> None:
    if earlier is not None and (earlier.get("conf") or {}) != conf:
        raise EngineError(f"run {run} was started with other parameters", "choose a different id for this one")


def _letters() -> str:
    import secrets

    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))


def _conf(parameters: tuple[tuple[str, str], ...], file: DagFile | None) -> dict[str, Any]:
    """Returns the parameters as values of JSON, in the types that the DAG declares."""
    texts = file.texts if file is not None else ()
    conf: dict[str, Any] = {}
    for name, text in parameters:
        try:
            conf[name] = text if name in texts else json.loads(text)
        except ValueError:
            conf[name] = text
    return conf


def run_of(
    server: Server, address: Address, dag: dict[str, Any], run: dict[str, Any], file: DagFile | None,
    instances: list[Any] | None = None,
) -> EngineRun:  # fmt: skip
    """Returns the run without its tasks."""
    name, own = str(dag["dag_id"]), str(run["dag_run_id"])
    whole = f"{name}.{own}"
    state, message = _state(dag, run, file)
    page = f"{server.url}/dags/{part(name)}/"
    page += f"grid?dag_run_id={part(own)}" if server.is_2 else f"runs/{part(own)}"
    installation = address.of(name, file, instances)
    return EngineRun(
        f"{whole}@{installation}", whole, file.flow if file is not None else "", name, state,
        message, seconds(run.get("start_date")) or seconds(run.get("queued_at")), seconds(run.get("end_date")),
        url=page, owner=f"airflow:{installation}/{name}/{own}",
        handle=Handle(name, own, str(run.get("note") or ""), file),
    )  # fmt: skip


def _state(dag: Mapping[str, Any], run: Mapping[str, Any], file: DagFile | None) -> tuple[str, str]:
    """Returns the state, and Airflow's message about it."""
    state = _STATES.get(str(run.get("state")), RUNNING)
    if state == FAILED:
        for line in str(run.get("note") or "").splitlines():
            if line.startswith(TERMINATED_BY):
                return TERMINATED, line[0].lower() + line[1:]
        started, ended = seconds(run.get("start_date")), seconds(run.get("end_date"))
        if file is not None and file.timeout and started and ended - started >= file.timeout:
            return TIMED_OUT, f"it took longer than {file.timeout:.0f} seconds"
    if state in (PENDING, RUNNING) and dag.get("is_paused"):
        return SUSPENDED, "the DAG is paused"
    return state, ""


def seconds(text: str | None) -> float:
    """Returns Airflow's time in seconds since 1970; 0 if there is none."""
    if not text:
        return 0.0
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def listed(server: Server, address: Address, name: str, under_way: bool) -> tuple[EngineRun, ...]:
    """Returns the runs of the deployment, newest first."""
    path = f"/dags/{part(name)}"
    dag = server.get(path)
    if dag is None:
        return ()
    file = dag_file.parsed(source(server, dag))
    order = "-execution_date" if server.is_2 else "-run_after"
    states = {"state": ["queued", "running"]} if under_way else {}
    runs = list(server.pages(f"{path}/dagRuns", "dag_runs", order_by=order, **states))
    found = [run_of(server, address, dag, run, file) for run in runs]
    return tuple(sorted(found, key=lambda run: run.started or time.time(), reverse=True))


def get(server: Server, address: Address, name: str) -> EngineRun | None:
    """Returns the run that flowc or Airflow calls so, with its tasks. Raises EngineError if it could be of two DAGs."""
    found = _found(server, name.rpartition("/")[2])
    if found is None:
        return None
    dag, run = found
    versions = [int(one["version_number"]) for one in run.get("dag_versions") or ()]  # that the run has had
    file = dag_file.parsed(source(server, dag, max(versions, default=None)))
    path = f"/dags/{part(str(dag['dag_id']))}/dagRuns/{part(str(run['dag_run_id']))}"
    instances = list(server.pages(f"{path}/taskInstances", "task_instances"))
    one = run_of(server, address, dag, run, file, instances)
    tasks, helpers = _tasks(server, path, file, instances, one.state)
    message = one.message or ("; ".join(helpers) if one.state == FAILED else "")
    return replace(one, tasks=tasks, message=message)


def _found(server: Server, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Returns the DAG and the run. A name is DAG.RUN, or DAG.RUN@ADDRESS, or RUN alone, and each may have dots."""
    for whole in dict.fromkeys((name, name.rpartition("@")[0])):
        pieces = whole.split(".")
        for at in range(1, len(pieces)):
            dag_id, run_id = ".".join(pieces[:at]), ".".join(pieces[at:])
            if dag_id and run_id:
                run = server.get(f"/dags/{part(dag_id)}/dagRuns/{part(run_id)}")
                dag = server.get(f"/dags/{part(dag_id)}") if run is not None else None
                if run is not None and dag is not None:
                    return dag, run
    matches = []
    for dag in server.pages("/dags", "dags", tags="flowc"):
        run = server.get(f"/dags/{part(str(dag['dag_id']))}/dagRuns/{part(name)}")
        if run is not None:
            matches.append((dag, run))
    if len(matches) > 1:
        names = " and ".join(f"{dag['dag_id']}.{name}" for dag, _ in matches[:3])
        raise EngineError(f"`{name}` is the id of a run of several DAGs", f"give one of {names}")
    return matches[0] if matches else None


def _tasks(
    server: Server, path: str, file: DagFile | None, instances: list[Any], state: str
) -> tuple[tuple[EngineTask, ...], list[str]]:  # fmt: skip
    """Returns the tasks that run steps and that Airflow has begun or ordered, and what failed beside them."""
    if file is None:
        return (), []
    tasks: list[EngineTask] = []
    helpers: list[str] = []
    lists: dict[str, list[str]] = {}
    reasons = 0
    for instance in instances:
        own = _TASK_STATES.get(str(instance.get("state")))
        task = file.tasks.get(str(instance["task_id"]))
        if own is None or (own == FAILED and instance.get("state") == "upstream_failed"):
            continue
        if task is None and own != FAILED:
            continue
        message = str(instance.get("note") or "")
        if own == FAILED and state != TERMINATED and reasons < REASONS:
            reasons += 1
            message = message or _reason(server, path, instance)
        if task is None:
            helpers.append(f"task {instance['task_id']} failed" + (f": {message}" if message else ""))
            continue
        if instance.get("state") == "up_for_retry":
            message = message or "it waits for its next attempt"
        tasks.append(
            EngineTask(
                task.step, _path(server, path, task, instance, lists), own, message,
                max(0, int(instance.get("try_number") or 1) - 1), _name(instance),
                seconds(instance.get("start_date")), seconds(instance.get("end_date")) if own != PENDING else 0.0,
            )
        )  # fmt: skip
    return tuple(sorted(tasks, key=lambda one: (one.started or 1e12, one.step, one.path))), helpers


def _name(instance: dict[str, Any]) -> str:
    index = int(instance.get("map_index", -1))
    return str(instance["task_id"]) + (f"[{index}]" if index >= 0 else "")


def _path(
    server: Server, path: str, task: dag_file.Task, instance: dict[str, Any], lists: dict[str, list[str]]
) -> str:  # fmt: skip
    """Returns the path of the task: its label once it has begun, before that from the list of paths."""
    index = int(instance.get("map_index", -1))
    if index < 0:
        return "-"
    label = instance.get("rendered_map_index")
    if label and re.fullmatch(r"[\d.-]+", str(label)):  # a range of paths, where a task runs several
        return str(label)
    if task.paths not in lists:
        entry = server.get(f"{path}/taskInstances/{part(task.paths)}/xcomEntries/return_value") if task.paths else None
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(value, str):  # of Airflow 2, which has it as text
            try:
                value = json.loads(value.replace("'", '"'))
            except ValueError:
                value = None
        lists[task.paths] = [str(item) for item in value] if isinstance(value, list) else []
    paths = lists[task.paths]
    return paths[index] if index < len(paths) else str(index)


def _reason(server: Server, path: str, instance: dict[str, Any]) -> str:
    """Returns the last error in the task's log, or ""."""
    try:
        lines = [line for line in _log(server, path, instance).splitlines() if line.strip()]
    except EngineError:
        return ""
    lines = [re.sub(r"^(\[?\S*\d\d:\d\d:\d\d\S*\s+)(\{\S+\} \w+ - )?", "", line).strip() for line in lines]
    for line in reversed(lines):
        if re.match(r"[\w.]*(Error|Exception)\b", line) and "Bash command failed" not in line:
            return line[:REASON]
    for before, line in zip(lines, lines[1:]):  # what a process said that could not start
        if line.startswith("Command exited with return code") and before != "Output:":
            return before[:REASON]
    return ""


def terminate(server: Server, run: EngineRun, by: str) -> bool:
    """Marks the run as failed, which ends its tasks. Returns False if it had ended."""
    path = f"/dags/{part(run.handle.dag)}/dagRuns/{part(run.handle.run)}"
    live = server.get(path)
    if live is None:
        raise EngineError(f"run {run.id} has been deleted from Airflow")
    if _STATES.get(str(live.get("state"))) in (SUCCEEDED, FAILED):
        return False
    told = f"{TERMINATED_BY}{f' by {by}' if by else ''}"
    note = f"{told}\n{live.get('note') or ''}".strip()[:_NOTE]
    if server.is_2:
        server.call("PATCH", f"{path}/setNote", {"note": note})
        server.call("PATCH", path, {"state": "failed"})
    else:
        server.call("PATCH", path, {"state": "failed", "note": note})
    return True


def retry(server: Server, run: EngineRun) -> None:
    """Clears the failed tasks of the run and what follows them, as a person does. Raises EngineError if none may be."""
    path = f"/dags/{part(run.handle.dag)}"
    live = server.get(f"{path}/dagRuns/{part(run.handle.run)}")
    if live is None:
        raise EngineError(f"run {run.id} has been deleted from Airflow")
    if _STATES.get(str(live.get("state"))) != FAILED:
        raise EngineError(f"run {run.id} has not failed")
    if run.state == TERMINATED:  # Airflow has skipped what had not begun, and clears only what has failed
        raise EngineError(f"run {run.id} was terminated", "resume it as a new run, without `--in-place`")
    asked = {"dry_run": False, "dag_run_id": run.handle.run, "only_failed": True, "reset_dag_runs": True}
    server.call("POST", f"{path}/clearTaskInstances", asked)


def logs(server: Server, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
    """Yields the log of the last attempt of each task that has begun."""
    path = f"/dags/{part(run.handle.dag)}/dagRuns/{part(run.handle.run)}"
    for task in run.tasks or ():
        if not task.started and task.state == PENDING:
            continue
        name, _, index = task.name.partition("[")
        instance = {"task_id": name, "map_index": int(index[:-1]) if index else -1, "try_number": task.attempt + 1}
        try:
            yield task, _log(server, path, instance).encode()
        except Missing:
            continue


def _log(server: Server, path: str, instance: dict[str, Any]) -> str:
    """Returns the log of an attempt as text."""
    number = max(1, int(instance.get("try_number") or 1))
    where = f"{path}/taskInstances/{part(str(instance['task_id']))}/logs/{number}"
    answer = server.call("GET", where, None, full_content="true", map_index=int(instance.get("map_index", -1)))
    content = answer.get("content") if isinstance(answer, dict) else answer
    if isinstance(content, str):
        return _of_airflow_2(content)
    lines = []
    for entry in content or ():
        if isinstance(entry, dict):
            if str(entry.get("event", "")).startswith("::"):  # groups lines in the user interface
                continue
            moment = str(entry.get("timestamp") or "")[:19]
            lines.append(f"{moment} {entry.get('event', '')}".strip() + _details(entry))
        else:
            lines.append(str(entry))
    return "\n".join(lines) + ("\n" if lines else "")


def _of_airflow_2(content: str) -> str:
    """Returns the text of a log that Airflow 2 gives as the repr of [(host, text), …]."""
    import ast

    try:
        return "\n".join(str(text) for _, text in ast.literal_eval(content))
    except (ValueError, SyntaxError, TypeError):
        return content


def _details(entry: dict[str, Any]) -> str:
    """Returns the error message of a log entry."""
    details = entry.get("error_detail")
    if not isinstance(details, list):
        return ""
    return "".join(f"\n{one.get('exc_type')}: {one.get('exc_value')}" for one in details if isinstance(one, dict))

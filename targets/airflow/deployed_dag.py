"""The DAG of a deployment: its file in the folder, and what the server has parsed of it.

A file in the folder is not a deployment until the server has parsed it. The server keeps the text that it has parsed
and the DAG's tags, and both must be those of the file: Airflow reads the text a moment after it has parsed it.
"""

from __future__ import annotations

import time

from flowc.targets.operating import ADD, CHANGE, DELETE, SAME, Change, Deployed, Drift, EngineError, Field
from flowc.targets.shared.field_changes import field_changes

from . import dag_file
from .deployment import file_name
from .server import Conflict, Forbidden, Missing, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flowc.targets.operating import Wanted
    from flowc.targets.target import SpecFile

    from .dag_file import DagFile
    from .dag_folder import File, Folder
    from .server import Server

FILE, DAG = "DAG file", "DAG"
AT_ONCE = "Airflow starts the run that was due last at once"  # a new schedule without catch-up does that
PAUSE = 1.0  # seconds between two looks at the server
STALE = 900.0  # seconds for the server to notice that a file is gone


def source(server: Server, dag: dict[str, Any], version: int | None = None) -> str:
    """Returns the text that the server has parsed, or an earlier version of it; "" if it may not be read."""
    name = dag["file_token"] if server.is_2 else dag["dag_id"]
    try:
        answer = server.get(f"/dagSources/{part(str(name))}", version_number=version)
    except Forbidden:
        return ""
    text = answer.get("content") if isinstance(answer, dict) else answer
    return _lines(str(text or ""))


def _lines(text: str) -> str:
    """Returns the text as Python reads it from a file."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_stale(dag: dict[str, Any]) -> bool:
    """Returns True if the server no longer finds the DAG's file."""
    return not dag.get("is_active", True) if "is_active" in dag else bool(dag.get("is_stale"))


def deployed(server: Server, name: str) -> Deployed | None:
    """Returns what the server has under the name, or None."""
    dag = server.get(f"/dags/{part(name)}")
    return None if dag is None else _deployed(server, dag)


def deployments(server: Server) -> tuple[Deployed, ...]:
    only_active = {"only_active": "true"} if server.is_2 else {"exclude_stale": "true"}
    dags = server.pages("/dags", "dags", tags="flowc", **only_active)
    return tuple(one for one in (_deployed(server, dag) for dag in dags) if one.records)


def _deployed(server: Server, dag: dict[str, Any]) -> Deployed:
    name = str(dag["dag_id"])
    url = f"{server.url}/dags/{part(name)}"
    file = dag_file.parsed(source(server, dag))
    if file is None:
        return Deployed(name, "", "", "", paused=bool(dag.get("is_paused")), url=url)
    return Deployed(
        name, file.flow, file.code, file.records, file.store, file.schedule, bool(dag.get("is_paused")),
        file.parameters, url=url,
    )  # fmt: skip


def pause(server: Server, name: str, paused: bool) -> bool:
    """Pauses or unpauses the DAG. Returns False if it was so already."""
    dag = server.get(f"/dags/{part(name)}")
    if dag is None:
        raise EngineError(f"Airflow has no DAG `{name}`")
    if paused:
        file = dag_file.parsed(source(server, dag))
        if file is not None and not file.schedule:
            raise EngineError(f"`{name}` has no schedule", "add `@schedule` to the flow and deploy it")
    if bool(dag.get("is_paused")) == paused:
        return False
    server.call("PATCH", f"/dags/{part(name)}", {"is_paused": paused}, update_mask="is_paused")
    return True


def changes(server: Server, folder: Folder, wanted: Wanted, last: Sequence[SpecFile]) -> tuple[Change, ...]:
    """Returns what deploying does: it writes one file, or none."""
    (spec,) = wanted.files
    live = folder.read(spec.name)
    before = dag_file.parsed(live.text) if live is not None else None
    is_paused = before.paused if before is not None and before.records else wanted.starts_paused
    own = dag_file.marked(spec.text, wanted.records, is_paused)
    file = _checked(server, own, wanted.name)
    dag = server.get(f"/dags/{part(wanted.name)}")
    owner = _owner(server, live, before, dag, wanted.records, folder)
    if live is None:
        note = "the history of its earlier runs is in Airflow" if dag is not None else ""
        if file.schedule and dag is None:
            note = "it starts paused" if is_paused else AT_ONCE
        return (Change(ADD, FILE, spec.name, note=note, owner=owner, handle=(wanted.name, own, None)),)
    earlier = dag_file.marked(last[0].text, wanted.records, is_paused) if len(last) == 1 else live.text
    drift = tuple(
        Drift(field.path, field.before, field.after, live.by, live.at) for field in _fields(earlier, live.text)
    )
    if drift and wanted.keep_drift:
        if own != earlier:
            message = f"{spec.name} cannot stay as it is: a deploy writes the file as a whole"
            raise EngineError(message, "change the flow or the options accordingly, or leave out `--keep-drift`")
        own = live.text
    fields = tuple(_fields(live.text, own))
    note = ""
    if before is not None and bool(before.schedule) != bool(file.schedule):
        starts = dag is not None and not dag.get("is_paused")
        note = "it stops firing" if not file.schedule else AT_ONCE if starts else ""
    op = SAME if own == live.text else CHANGE
    return (Change(op, FILE, spec.name, fields, drift, note, owner, (wanted.name, own, live.text)),)


def removal(server: Server, folder: Folder, name: str, records: str) -> tuple[Change, ...]:
    """Returns what removes the deployment: the file first, or the server would read it again."""
    removals = []
    live = folder.read(file_name(name))
    file = dag_file.parsed(live.text) if live is not None else None
    if live is not None and file is not None and file.records == records:
        note = "no run of it can be started"
        removals.append(Change(DELETE, FILE, file_name(name), note=note, handle=(name, None, live.text)))
    dag = server.get(f"/dags/{part(name)}")
    if dag is not None:
        text = source(server, dag)
        known = dag_file.parsed(text)
        if known is not None and known.records == records:
            note = "with its runs' history in Airflow"
            removals.append(Change(DELETE, DAG, name, note=note, handle=(name, None, None)))
    return tuple(removals)


def write(server: Server, folder: Folder, change: Change) -> None:
    """Does what was planned. Raises EngineError with `is_outdated` if the file is not as it was then."""
    name, own, planned = change.handle
    if change.kind == DAG:
        _forget(server, name)
        return
    live = folder.read(change.name)
    if (None if live is None else live.text) != planned:
        if change.op == DELETE and live is None:
            return
        raise EngineError(f"{change.name} has changed since it was planned", is_outdated=True)
    if change.op == DELETE:
        folder.remove(change.name, f"Delete {name}")
        return
    folder.write(change.name, own, f"Deploy {name}")
    _hurry(server, name)


def _hurry(server: Server, name: str) -> None:
    """Asks the server to read the file soon. It would do so anyway, in half a minute or a few."""
    try:
        dag = server.get(f"/dags/{part(name)}")
        if dag is not None and dag.get("file_token"):
            server.call("PUT", f"/parseDagFile/{part(str(dag['file_token']))}")
    except EngineError:  # whoever may not ask for that waits longer
        pass


def _forget(server: Server, name: str) -> None:
    """Deletes the DAG and its history from the server, once the server has noticed that the file is gone."""
    deadline = time.monotonic() + STALE
    path = f"/dags/{part(name)}"
    while True:
        dag = server.get(path)
        if dag is None:
            return
        if is_stale(dag):
            break
        if time.monotonic() > deadline:
            message = f"Airflow has not noticed for {STALE:.0f} seconds that the file of DAG {name} is gone"
            raise EngineError(message, "check that the DAG processor runs, and run the same command again")
        time.sleep(PAUSE)
    try:
        server.call("DELETE", path)
    except Missing:
        return
    except Conflict as error:
        raise EngineError(error.message, "terminate its runs, and run the same command again") from None


class Settling:
    """How the server comes to have the files that this process has written."""

    def __init__(self, server: Server, folder: Folder) -> None:
        self._server, self._folder = server, folder
        self._earlier: dict[str, str | None] = {}  # DAG → the text of its file before, None for no file
        self._failures: dict[str, set[str]] = {}  # DAG → when the server failed to import its file, as far as seen

    def before(self, change: Change) -> None:
        """Remembers how the file is, before it is written."""
        name, _, planned = change.handle
        if change.kind == FILE and change.op != DELETE:
            self._earlier[name] = planned
            error = self._error(change.name)
            self._failures[name] = {str(error["timestamp"])} if error is not None else set()

    def wait(self, name: str, file: str, seconds: float) -> None:
        """Waits until the server has parsed exactly this file. Raises EngineError if that fails or takes too long."""
        live = self._folder.read(file)
        if live is None:
            raise EngineError(f"{file} was removed at this moment", is_outdated=True)
        wanted, text = dag_file.parsed(live.text), _lines(live.text)
        deadline = time.monotonic() + seconds
        while True:
            dag = self._server.get(f"/dags/{part(name)}")
            if dag is not None and not is_stale(dag) and not dag.get("has_import_errors"):
                tags = [str(tag["name"]) for tag in dag.get("tags") or ()]
                if (wanted is None or not wanted.tag or wanted.tag in tags) and source(self._server, dag) == text:
                    return
            error = self._error(file)
            if error is not None and self._is_new(name, error):
                self._put_back(name, file, live.text, str(error.get("stack_trace") or ""))
            if time.monotonic() > deadline:
                message = f"Airflow has not read {file} in {self._folder.url} within {seconds:.0f} seconds"
                hint = "check that the DAG processor runs and reads this folder; the same command goes on waiting"
                raise EngineError(message, hint)
            time.sleep(PAUSE)

    def _error(self, file: str) -> Any:
        """Returns the server's failure to import the file, or None."""
        for error in self._server.pages("/importErrors", "import_errors"):
            if str(error.get("filename", "")).rpartition("/")[2] == file:
                return error
        return None

    def _is_new(self, name: str, error: dict[str, Any]) -> bool:
        """Returns True if the failure is about the file as it is now.

        After an earlier failure, the first one that is seen may still be about the file as it was.
        """
        seen = self._failures.get(name)
        if not seen:
            return True
        seen.add(str(error["timestamp"]))
        return len(seen) > 2

    def _put_back(self, name: str, file: str, text: str, stack: str) -> None:
        """Raises EngineError, after the file was put back to what it was before."""
        reason = next((line.strip() for line in reversed(stack.splitlines()) if line.strip()), "no reason is given")
        message = f"Airflow cannot import {file}: {reason}"
        if name not in self._earlier:
            raise EngineError(message, "correct the flow or the installation and deploy again, or use `flowc rollback`")
        earlier = self._earlier[name]
        live = self._folder.read(file)
        if live is None or live.text != text:
            raise EngineError(message, "somebody has changed the file since; run the same command again")
        if earlier is None:
            self._folder.remove(file, f"Remove {name}, which Airflow cannot import")
            raise EngineError(f"{message}\nthe file was removed again", "correct the flow, and deploy again")
        self._folder.write(file, earlier, f"Put back {name}: Airflow cannot import the new file")
        raise EngineError(f"{message}\nthe file is again what it was before", "correct the flow, and deploy again")


def _checked(server: Server, text: str, name: str) -> DagFile:
    """Returns the file's content as a record. Raises EngineError if this server cannot run it."""
    from .validate import validate

    file = dag_file.parsed(text)
    if file is None or file.name != name:
        raise EngineError(f"the DAG file is not that of `{name}`", "compile the flow again, and deploy that")
    for finding in validate(file_name(name), text):
        raise EngineError(f"{finding.file}, {finding.place}: {finding.message}", "compile the flow again")
    if "KubernetesPodOperator" in text:
        names = {str(one["package_name"]) for one in _providers(server)}
        if names and "apache-airflow-providers-cncf-kubernetes" not in names:
            message = f"the Airflow at {server.url} cannot run pods"
            hint = "install apache-airflow-providers-cncf-kubernetes there, or compile with `--airflow-tasks process`"
            raise EngineError(message, hint)
    return file


def _providers(server: Server) -> list[dict[str, Any]]:
    try:
        return list(server.pages("/providers", "providers"))
    except Forbidden:  # not everybody who deploys may see them
        return []


def _fields(before: str, after: str) -> Iterator[Field]:
    """Yields how the meaning of a DAG file changes, or only that its text does."""
    if before == after:
        return
    fields = list(field_changes(dag_file.meaning(before), dag_file.meaning(after)))
    yield from fields or [Field("text", _digest(before), _digest(after))]


def _digest(text: str) -> str:
    from flowc.runtime_shim.contract.digest import sha256

    return f"sha256:{sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _owner(
    server: Server, live: File | None, before: DagFile | None, dag: dict[str, Any] | None, records: str, folder: Folder
) -> str:  # fmt: skip
    """Returns who owns what a deploy would write, or "" for this deployment. Raises EngineError for a name in use."""
    if live is not None:
        mark = before.records if before is not None else ""
        by = f" ({live.by})" if live.by else ""
        return "" if mark == records else f"the deployment with its records in {mark}" if mark else f"somebody else{by}"
    if dag is None:
        return ""
    known = dag_file.parsed(source(server, dag))
    mark = known.records if known is not None else ""
    if mark == records:
        return ""
    if not is_stale(dag):
        message = f"Airflow has a DAG `{dag['dag_id']}` from a different file, {dag.get('fileloc') or 'unknown'}"
        raise EngineError(message, f"choose a different `--name`, or remove that file; flowc writes to {folder.url}")
    return f"the deployment with its records in {mark}" if mark else "a DAG of that name whose file is gone"

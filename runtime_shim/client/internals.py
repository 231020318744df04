"""The data that Metaflow's client shows for a task in addition to the artifacts that its code set.

These are a few of Metaflow's own artifacts, and the task's metadata. flowc does not store them: it derives them on
demand from the record, the run and the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from flowc.runtime_shim.artifacts import manifest
from flowc.runtime_shim.artifacts.manifest import INTERNAL
from flowc.runtime_shim.contract.record import Record
from flowc.runtime_shim.task import environment as ran_in

if TYPE_CHECKING:
    from typing import Protocol

    from .datastore import Datastore

    class Task(Protocol):
        """The part of `client.task.Task` that this module needs."""

        _datastore: Datastore

        @property
        def _done(self) -> Optional[Record]: ...
        @property
        def path_components(self) -> List[str]: ...
        @property
        def current_attempt(self) -> int: ...
        @property
        def runtime_name(self) -> Optional[str]: ...
        @property
        def successful(self) -> bool: ...
        def _failed(self) -> Dict[str, Any]: ...


_MADE: Dict[str, Callable[[Any], Any]] = {
    "name": lambda task: task.path_components[0],
    "_task_ok": lambda task: True,
    "_success": lambda task: task.successful,
    "_current_step": lambda task: task.path_components[2],
    "_transition": lambda task: (list(task._done.next), None),
    "_foreach_num_splits": lambda task: task._done.splits,
    "_foreach_var": lambda task: task._done.data.get("over"),
    "_graph_info": lambda task: _graph_info(task),
}


def _graph_info(task: Task) -> Dict[str, Any]:
    from flowc.runtime_shim.user_code.graph_info import graph_info

    return graph_info(task._datastore.graph(*task.path_components[:2]))


def names(done: Optional[Record]) -> List[str]:
    """Returns the artifacts that a task lists: those without a leading underscore, and `name`."""
    if done is None:
        return []
    return sorted({"name", *(artifact for artifact in done.artifacts if not artifact.startswith("_"))})


def has(done: Optional[Record], name: str) -> bool:
    return done is not None and (name in _MADE or (name in done.artifacts and not name.startswith(INTERNAL)))


def value(datastore: Datastore, task: Task, name: str) -> Any:
    """Returns the artifact's value, unpickled.

    Raises KeyError if there is none, ShimError if it is missing or damaged.
    """
    done = task._done
    if done is None or not has(done, name):
        raise KeyError(name)
    if name in done.artifacts:
        return manifest.load(datastore.store, task.path_components[0], name, done.artifacts[name])
    return _MADE[name](task)


def entry(task: Task, name: str) -> Dict[str, Any]:
    """Returns `digest`, `size` and `type` of an artifact. Raises KeyError."""
    done = task._done
    if done is None or not has(done, name):
        raise KeyError(name)
    if name in done.artifacts:
        return done.artifacts[name]
    import hashlib
    import pickle

    derived = _MADE[name](task)
    data = pickle.dumps(derived, 5)
    return {"digest": hashlib.sha256(data).hexdigest(), "size": len(data), "type": manifest.type_name(derived)}


def metadata(task: Task) -> Dict[str, str]:
    """Returns the facts that Metaflow keeps for a task, by Metaflow's names."""
    run = task._datastore.run(*task.path_components[:2]) or {}
    done = task._done
    environment = (done.data.get("environment") or {}) if done is not None else {}
    url = task._datastore.url
    facts = {
        "attempt": task.current_attempt,
        "runtime": task.runtime_name,
        "python_version": environment.get("python") or run.get("python"),
        "flowc_version": run.get("flowc"),
        "user": run.get("user"),
        "script-name": run.get("script"),
        "code-package": environment.get("code") or run.get("code"),
        "ds-type": url.partition("://")[0] if "://" in url else "local",
        "ds-root": url,
        "git-commit": run.get("git"),
        "git-dirty": run.get("dirty"),
        "origin-run-id": run.get("origin"),
        "origin-task-id": task.path_components[3] if done is not None and done.data.get("origin") else None,
    }
    if task._datastore.run(*task.path_components[:2]) is not None and (done is not None or task._failed()):
        facts["attempt-done"] = task.current_attempt
        facts["attempt_ok"] = task.successful
    return {name: str(value) for name, value in facts.items() if value is not None or name == "origin-run-id"}


def environment(task: Task) -> Optional[Dict[str, Any]]:
    """Returns the task's environment: interpreter, machine, `packages` (name → version), code and commit.

    `packages` is None if the record does not name them.
    """
    done = task._done
    if done is None:
        return None
    run = task._datastore.run(*task.path_components[:2]) or {}
    facts = dict(done.data.get("environment") or {})
    digest = str(facts.pop("digest", "") or "")
    details = ran_in.read(task._datastore.store, task.path_components[0], digest) or {}
    facts.update({name: details.get(name) for name in ("implementation", "machine", "packages")})
    return {
        **facts, "git_commit": run.get("git"), "git_dirty": run.get("dirty"),
        "python_version": facts.get("python"), "username": run.get("user"), "runtime": task.runtime_name,
        "script": run.get("script"),
        "flow_name": task.path_components[0],
        "environment_type": "local" if run.get("target") == "local" else "container",
    }  # fmt: skip

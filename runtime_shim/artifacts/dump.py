"""Reads the artifacts of a run from the datastore, as text."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ..contract import record
from ..contract.errors import DamagedError, ShimError
from ..contract.tasks import tasks
from ..store import Store
from . import manifest
from .manifest import INTERNAL

Dump = Dict[str, List[Dict[str, Any]]]


def dump(store: Store, flow: str, run: str, step: str = "", path: str = "") -> Dump:
    """Returns the artifacts of the run's tasks, sorted.

    The form is `{step: [{"path": …, "artifacts": {name: {"type": …, "repr": …}}}]}`. An entry that is missing or
    damaged says so, and has the key `damaged`. Raises ShimError if the requested step or path has no task.
    """
    tasks_by_step: Dump = {}
    for task_step, task_path in tasks(store, flow, run, step, path):
        try:
            one = record.read(store, flow, run, task_step, task_path)
        except DamagedError as error:
            tasks_by_step.setdefault(task_step, []).append({"path": task_path, "artifacts": {}, "damaged": str(error)})
            continue
        if one is not None:
            shown = {
                name: _shown(store, flow, name, entry)
                for name, entry in sorted(one.artifacts.items())
                if not name.startswith(INTERNAL)
            }
            tasks_by_step.setdefault(task_step, []).append({"path": task_path, "artifacts": shown})
    if not tasks_by_step and step:
        raise ShimError(f"run {run!r} has no task {step}{f'/{path}' if path else ''} that has succeeded")
    return tasks_by_step


def _shown(store: Store, flow: str, name: str, entry: manifest.Entry) -> Dict[str, str]:
    try:
        text = stable_repr(manifest.load(store, flow, name, entry))
    except DamagedError as error:
        return {"type": entry["type"], "repr": f"<damaged: {error}>", "damaged": str(error)}
    except ShimError:
        raise
    except Exception as error:  # a class that cannot be imported here
        text = f"<cannot be read here: {type(error).__name__}: {error}>"
    return {"type": entry["type"], "repr": text}


def stable_repr(value: object, _open: Optional[frozenset] = None) -> str:  # type: ignore[type-arg]
    """`repr`, with the items of sets sorted, since their order differs from process to process.

    >>> stable_repr({"b", "a"}), stable_repr([(1,), {"k": set()}])
    ("{'a', 'b'}", "[(1,), {'k': set()}]")
    """
    kind = type(value)
    seen = _open or frozenset()
    if id(value) in seen or kind not in (list, tuple, dict, set, frozenset) or not value:
        return repr(value)
    inside = seen | {id(value)}
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{stable_repr(key, inside)}: {stable_repr(item, inside)}" for key, item in value.items())
            + "}"
        )
    texts = [stable_repr(item, inside) for item in value]  # type: ignore[attr-defined]
    if isinstance(value, (set, frozenset)):
        text = "{" + ", ".join(sorted(texts)) + "}"
        return text if kind is set else f"frozenset({text})"
    if isinstance(value, list):
        return "[" + ", ".join(texts) + "]"
    return "(" + ", ".join(texts) + (",)" if len(texts) == 1 else ")")

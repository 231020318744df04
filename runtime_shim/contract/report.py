"""Reports the outcome of a task to the engine, with one function for each kind of report.

The kinds are in docs/shim.md, What a task reports.
"""

from __future__ import annotations

import os
import sys

from ..fast_start import json_text
from ..store import Store
from . import address
from .errors import ShimError, UsageError
from .record import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Report = Tuple[str, str]  # kind, and the folder or file it writes
else:
    Report = tuple


class TaskObjects:
    """The location of the task's objects in the datastore."""

    def __init__(self, store: Store, flow: str, run: str, step: str, path: str) -> None:
        self.store, self.flow, self.run, self.step, self.path = store, flow, run, step, path

    def put(self, suffix: str, data: bytes) -> None:
        self.store.put(address.task_name(self.flow, self.run, self.step, self.path, suffix), data)


def parse(text: str) -> Report:
    """Parses a value of `--report`. Raises UsageError for an unknown one."""
    kind, colon, target = text.partition(":")
    takes_target = kind in ("files", "json")
    if kind not in _REPORTS or takes_target != bool(colon and target):
        raise UsageError(f"--report must be files:DIR, json:FILE, stdout, store or paths, not {text!r}")
    return kind, target


def send(reports: List[Report], outcome: Outcome, objects: TaskObjects) -> None:
    """Writes every report. Raises ShimError if one cannot be written."""
    for kind, target in reports:
        try:
            _REPORTS[kind](outcome, target, objects)
        except OSError as error:
            named = f"{kind}:{target}" if target else kind
            raise ShimError(f"cannot report to {named}: {error.strerror or error}") from None


def _files(outcome: Outcome, target: str, _objects: TaskObjects) -> None:
    os.makedirs(target, exist_ok=True)
    for name, value in outcome.items():
        _write(os.path.join(target, name), value if isinstance(value, str) else _json(value))


def _json_file(outcome: Outcome, target: str, _objects: TaskObjects) -> None:
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    _write(target, _json(outcome))


def _stdout(outcome: Outcome, _target: str, _objects: TaskObjects) -> None:
    sys.stdout.flush()
    print("\n" + _json(outcome), flush=True)  # the user's last output may lack a newline


def _store(outcome: Outcome, _target: str, objects: TaskObjects) -> None:
    objects.put("outcome.json", _json(outcome).encode())


def _paths(outcome: Outcome, _target: str, objects: TaskObjects) -> None:
    if "paths" in outcome:
        objects.put("paths.json", _json(outcome["paths"]).encode())


def _json(value: Optional[Any]) -> str:
    return json_text.dumps(value, ascii_only=True)


def _write(path: str, text: str) -> None:
    """Writes the file at once, so that an engine that looks early sees nothing rather than half of it."""
    temporary = f"{path}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


_REPORTS: Dict[str, Any] = {"files": _files, "json": _json_file, "stdout": _stdout, "store": _store, "paths": _paths}

"""Compares two runs of one flow, which may have divided their tasks into containers differently."""

from __future__ import annotations

import re
from typing import Any

from flowc.runtime_shim.contract import address, record
from flowc.runtime_shim.contract.logs import STREAMS, Log
from flowc.runtime_shim.contract.tasks import tasks
from flowc.runtime_shim.store import Store, open_store

_FACTS = ("step", "path", "attempt", "next", "splits", "over", "fixed_order", "stack", "caught")
_FAILURE = ("step", "path", "attempt", "type", "message")


def facts(url: str, flow: str, run: str) -> dict[str, Any]:
    """Returns what a run has left, as far as it does not depend on time, place, or who shared a container.

    Keys are `record STEP PATH`, `artifacts STEP PATH`, `log STEP PATH ATTEMPT`, `failure STEP PATH ATTEMPT`.
    """
    store = open_store(url)
    left: dict[str, Any] = {}
    for step, path in tasks(store, flow, run):
        done = record.read(store, flow, run, step, path)
        assert done is not None
        left[f"record {step} {path}"] = {name: done.data.get(name) for name in _FACTS}
        left[f"artifacts {step} {path}"] = {
            name: (entry["type"], entry["size"], entry["digest"]) for name, entry in sorted(done.artifacts.items())
        }
    prefix = address.run_name(flow, run)
    for name in store.list(prefix):
        step, _, rest = name[len(prefix) :].partition("/")
        for suffix, kind, read in ((".log", "log", _log), (".failure.json", "failure", _failure)):
            if rest.endswith(suffix):
                path, _, attempt = rest[: -len(suffix)].rpartition(".")
                left[f"{kind} {address.decoded(step)} {address.decoded(path)} {attempt}"] = read(store, name)
    return left


def _log(store: Store, name: str) -> dict[str, list[str]]:
    log = Log(store.get(name) or b"")
    return {stream: [_plain(line.decode()) for _, line in log.lines(stream)] for stream in STREAMS}


def _failure(store: Store, name: str) -> dict[str, Any]:
    fields = record.loads(store.get(name) or b"", name)
    return {key: fields.get(key) for key in _FAILURE}


def _plain(line: str) -> str:
    """Returns the line without folders and line numbers of the machine."""
    return re.sub(r'File "[^"]*/', 'File "', line)

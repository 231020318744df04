"""Runs flowc and kills it right before its Nth write to the engine or to the datastore: `python -m tests.engines.kill_at N ARGUMENTS`."""

from __future__ import annotations

import os
import sys
from typing import Any

from flowc.runtime_shim.store.s3 import S3Store
from flowc.targets.airflow import local_folder
from flowc.targets.airflow.server import Server
from flowc.targets.argo.cluster import Cluster
from flowc.targets.step_functions.account import Account

from flowc.cli import main

KILLED = 77  # the exit code, which flowc never has
_READS = ("Describe", "Get", "List", "Lookup", "Simulate", "Validate")
_ASKS = ("selfsubjectaccessreviews", "selfsubjectreviews")


def _count(module: Any, name: str, write: Any) -> None:
    """Counts the calls of a function that writes, but those of flowc's own start."""
    original = getattr(module, name)

    def counted(*arguments: Any, **named: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") == local_folder.__name__:
            write()
        return original(*arguments, **named)

    setattr(module, name, counted)


def die_before(number: int) -> None:
    left = [number]

    def write() -> None:
        left[0] -= 1
        if left[0] == 0:
            sys.stdout.flush()
            os._exit(KILLED)

    send = Cluster._send

    def counted_send(self: Cluster, method: str, path: str, query: Any, *rest: Any) -> Any:
        if method != "GET" and "dryRun" not in query and not path.endswith(_ASKS):
            write()
        return send(self, method, path, query, *rest)

    Cluster._send = counted_send  # type: ignore[method-assign, assignment]
    call = Account.call

    def counted_call(self: Account, service: str, operation: str, **arguments: Any) -> Any:
        if not operation.startswith(_READS):
            write()
        return call(self, service, operation, **arguments)

    Account.call = counted_call  # type: ignore[method-assign]
    ask = Server.call

    def counted_ask(self: Server, method: str, path: str, *rest: Any, **query: Any) -> Any:
        if method != "GET":
            write()
        return ask(self, method, path, *rest, **query)

    Server.call = counted_ask  # type: ignore[method-assign]
    for name in ("replace", "unlink", "fsync"):
        _count(os, name, write)
    for name in ("put", "put_if_absent"):
        original = getattr(S3Store, name)

        def counted_put(self: S3Store, *arguments: Any, original: Any = original) -> Any:
            write()
            return original(self, *arguments)

        setattr(S3Store, name, counted_put)


if __name__ == "__main__":
    die_before(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))

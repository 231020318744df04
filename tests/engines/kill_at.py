"""Runs flowc and kills it right before its Nth write to the engine or to the datastore: `python -m tests.engines.kill_at N ARGUMENTS`."""

from __future__ import annotations

import os
import sys
from typing import Any

from flowc.runtime_shim.store.s3 import S3Store
from flowc.targets.argo.cluster import Cluster
from flowc.targets.step_functions.account import Account

from flowc.cli import main

KILLED = 77  # the exit code, which flowc never has
_READS = ("Describe", "Get", "List", "Lookup", "Simulate", "Validate")
_ASKS = ("selfsubjectaccessreviews", "selfsubjectreviews")


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
    for name in ("put", "put_if_absent"):
        original = getattr(S3Store, name)

        def counted_put(self: S3Store, *arguments: Any, original: Any = original) -> Any:
            write()
            return original(self, *arguments)

        setattr(S3Store, name, counted_put)


if __name__ == "__main__":
    die_before(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))

"""Prints the artifacts of every finished task of a run as JSON, in the form of `metaflow_side.py`.

python -m tests.differential.flowc_side FLOW.py FLOW_NAME RUN DATASTORE
"""

from __future__ import annotations

import json
import os
import sys

from flowc.runtime_shim.artifacts import manifest
from flowc.runtime_shim.artifacts.manifest import INTERNAL
from flowc.runtime_shim.contract import record
from flowc.runtime_shim.contract.tasks import tasks
from flowc.runtime_shim.store import open_store
from flowc.runtime_shim.user_code.flow_module import import_flow

from . import values


def main(flow_file: str, flow: str, run: str, root: str) -> None:
    folder, file = os.path.split(os.path.abspath(flow_file))
    try:
        import_flow(folder, file, flow)  # what was pickled
    except Exception as error:
        print(error, file=sys.stderr)
    store = open_store(root)
    told = {}
    for step, path in tasks(store, flow, run):
        one = record.read(store, flow, run, step, path)
        assert one is not None
        names = sorted(name for name in one.artifacts if not name.startswith(INTERNAL))
        told[f"{step} {path}"] = {
            name: values.text(manifest.load(store, flow, name, one.artifacts[name])) for name in names
        }
    print("\n" + json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])

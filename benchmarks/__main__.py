"""`python -m benchmarks [--metaflow PYTHON]`: runs all benchmarks, one after the other."""

from __future__ import annotations

import argparse
import os
import platform

from . import (
    artifacts,
    environments,
    growth,
    large_flows,
    local_task,
    optimizer_estimate,
    pages,
    shim_start,
    start_up,
    transfer,
    wide_join,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--metaflow", default="", help="a Python that has Metaflow installed, to compare with")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    start_up.main(os.path.abspath(arguments.metaflow) if arguments.metaflow else "")
    growth.main()
    large_flows.main()
    local_task.main()
    optimizer_estimate.main()
    shim_start.main()
    artifacts.main()
    transfer.main()
    wide_join.main()
    environments.main()
    pages.main()


if __name__ == "__main__":
    main()

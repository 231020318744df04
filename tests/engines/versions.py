"""The releases of the engines that the tests run specs on: the one place that names them, and all that changes when there is a newer one.

`make test` runs the newest of the newest line, `make nightly` all of them; docs/engines.md has the table.
"""

from __future__ import annotations

import os

KUBERNETES = "v1.33.0"
KUSTOMIZE = "v5.8.0"
REGISTRY = "v3.1.2"  # of the distribution project
ARGO_EVENTS = "v1.9.10"
NATS = "v2.15.3"  # its event bus
ARGO = ("v4.0.7", "v3.7.18", "v3.7.3")  # the newest first; the last is the oldest that is promised

# Airflow beside the newest, which `airflow-requirements.txt` gives: release → the day after it, from which on no package that it needs is newer.
# Airflow's own lists of constraints are in no package index; what was the newest of each package that day is what they say.
AIRFLOW = {"3.1.8": "2026-03-14", "2.11.2": "2026-03-17", "2.10.5": "2025-02-12"}


def argo() -> str:
    """The release of Argo Workflows that this session runs: FLOWC_ARGO, else the newest."""
    return os.environ.get("FLOWC_ARGO") or ARGO[0]


if __name__ == "__main__":  # for make: the releases that `make test` does not run, one a word
    import sys

    print(*{"argo": ARGO[1:], "airflow": tuple(AIRFLOW)}[sys.argv[1]])

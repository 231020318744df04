"""The releases of the engines that the tests run specs on: the one place that names them, and all that changes when there is a newer one.

`make test` runs the newest of the newest line, `make nightly` all of them; docs/engines.md has the table.
"""

from __future__ import annotations

import os

KUBERNETES = "v1.33.0"
ARGO = ("v4.0.7", "v3.7.18", "v3.7.3")  # the newest first; the last is the oldest that is promised


def argo() -> str:
    """The release of Argo Workflows that this session runs: FLOWC_ARGO, else the newest."""
    return os.environ.get("FLOWC_ARGO") or ARGO[0]

"""The real Kustomize, built once from the Go module proxy.

`python -m tests.engines.kustomize` (`make engines`) does it ahead of the tests.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.support.building import documents

from .object_stores import installed
from .versions import KUSTOMIZE


def kustomize() -> Path:
    """Returns the program. Raises CalledProcessError, with what was printed, if it cannot be built."""
    command = ["go", "install", f"sigs.k8s.io/kustomize/kustomize/v5@{KUSTOMIZE}"]
    return installed(f"kustomize-{KUSTOMIZE}", command, GOBIN="{}", GOTOOLCHAIN="auto") / "kustomize"


def built(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns the objects that `kustomize build` makes of the folder, by `KIND/NAME`; fails with what it printed."""
    done = subprocess.run([str(kustomize()), "build", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return {f"{document['kind']}/{document['metadata']['name']}": document for document in documents(done.stdout)}


if __name__ == "__main__":
    print(kustomize())

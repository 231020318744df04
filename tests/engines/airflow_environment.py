"""Makes the environment of one release of Airflow, as it was installed when it came out: `airflow_environment.py RELEASE FOLDER`.

With uv, which can leave out what was published after a day (`--exclude-newer`); it is installed into the developer's environment.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .versions import AIRFLOW

# Airflow 2 runs on no newer Python than 3.12; uv downloads one where the machine has none.
PYTHON = sys.executable if sys.version_info < (3, 13) else "3.12"


def main() -> int:
    release, folder = sys.argv[1], Path(sys.argv[2])
    if (folder / "ready").exists():
        return 0
    uv = [sys.executable, "-m", "uv"]
    packages = [f"apache-airflow=={release}", "apache-airflow-providers-cncf-kubernetes"]
    packages += ["apache-airflow-providers-standard"] if release.startswith("3.") else []
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", PYTHON, str(folder)], check=True)
    install = [
        *uv,
        "pip",
        "install",
        "--quiet",
        "--compile-bytecode",
        "--python",
        str(folder / "bin" / "python"),
        "--exclude-newer",
        AIRFLOW[release],
    ]
    subprocess.run([*install, *packages], check=True)
    (folder / "ready").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())

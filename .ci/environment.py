"""Creates a virtual environment and installs packages into it: `environment.py FOLDER PIP-ARGUMENTS…`.

A file `ready` in it tells make that it is complete. If the installation was interrupted, make creates it again.
"""

import os
import shutil
import subprocess
import sys
import venv

OLDEST = (3, 10)


def main() -> int:
    folder, arguments = sys.argv[1], sys.argv[2:]
    if sys.version_info < OLDEST:
        print(
            f"flowc needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is {sys.version.split()[0]}: "
            "name a newer one, as in `make PYTHON=python3.12 …`",
            file=sys.stderr,
        )
        return 1
    print(f"setting up {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    code = subprocess.run([*pip, *arguments]).returncode
    if code == 0:
        open(os.path.join(folder, "ready"), "w").close()
    return code


if __name__ == "__main__":
    sys.exit(main())

"""Run by Metaflow's interpreter: says of every flow in a folder whether `python FLOW.py check` accepts it.

    python metaflow_side.py FOLDER

prints {"FILE": [exit code, what was printed]}. Each check is a fork of a process that has imported Metaflow.
"""

import json
import os
import runpy
import sys
import tempfile

import metaflow  # noqa: F401


def main(folder):
    verdicts = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            verdicts[name] = verdict(folder, name)
    print(json.dumps(verdicts))


def verdict(folder, name):
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if not child:
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            os.chdir(folder)
            sys.path.insert(0, folder)
            sys.argv = [name, "--no-pylint", "check"]
            code = 99
            try:
                runpy.run_path(name, run_name="__main__")
                code = 0
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else int(error.code is not None)
            except BaseException as error:
                print(type(error).__name__, error)
                code = 98
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        printed.seek(0)
        return [os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1, printed.read().decode(errors="replace")]


main(sys.argv[1])

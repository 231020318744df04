"""The flow's own code, run in a process of its own: its mutators, and the functions that its configs need.

`runtime_shim/user_code/mutator_process.py` is what runs there.
"""

from __future__ import annotations

import os
import sys

from ..fold.budget import Unfoldable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir import nodes
    from ..options.compile_inputs import Given
    from ..source.sources import Sources

SECONDS = 60.0  # until the process must have answered
KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "TMPDIR",
    "LD_LIBRARY_PATH",
)  # what a Python needs to be the same Python


class Failed(Exception):
    """The process did not do what it was asked for; `args[0]` says why."""


def evaluate(sources: Sources, flow: nodes.Flow, config: str, what: str, text: str | None, given: Given) -> Any:
    """Returns what the parser of a config gives for the text, or its callable default. Raises Unfoldable."""
    import ast

    try:
        answer = ask(
            sources, flow, {"do": "evaluate", "config": config, "what": what, "text": text, "decorators": {}}, given
        )
    except Failed as error:
        raise Unfoldable(f"its {what} failed: {error}") from None
    return ast.literal_eval(answer["literal"])


def ask(sources: Sources, flow: nodes.Flow, request: dict[str, Any], given: Given) -> Any:
    """Sends the request to a new process, and returns its answer. Raises Failed."""
    import json
    import select
    import signal
    import subprocess
    import time

    from flowc.runtime_shim.contract.source_roots import variables

    from ..ir.json_form import plain_record

    reader, writer = os.pipe()
    configs = {"configs": [plain_record(each) for each in flow.configs]}
    data = {**request, "folder": os.path.abspath(sources.folder), "file": flow.file, "class": flow.name, "flow": configs, "answer": writer,
            "alone": not given.whole_environment}  # fmt: skip
    environment = (
        dict(os.environ)
        if given.whole_environment
        else {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    )
    environment.update({"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", **given.environment})
    environment.update(variables(sources.roots()))
    sys.stdout.flush()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowc.runtime_shim.user_code.mutator_process"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=(writer,),
            env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        os.close(reader)
        os.close(writer)
        raise Failed(f"no process could be started for them: {error}") from None
    os.close(writer)
    deadline = time.monotonic() + SECONDS
    answer = b""
    try:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(data).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        while True:
            if not select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise Failed(f"they took more than {SECONDS:.0f} seconds")
            part = os.read(reader, 1 << 16)
            if not part:
                break
            answer += part
            if len(answer) > 1 << 26:
                raise Failed("their answer is too large")
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Failed(f"they took more than {SECONDS:.0f} seconds") from None
    finally:
        os.close(reader)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    try:
        found = json.loads(answer)
    except ValueError:
        raise Failed(f"their process ended without an answer, with status {process.returncode}") from None
    if "error" in found:
        raise Failed(str(found["error"]))
    return found

"""Runs the flow's own code in a separate process: its mutators, and the functions that its configs need.

That process runs `runtime_shim/user_code/mutator_process.py`.
"""

from __future__ import annotations

import os
import sys

from ..fold.budget import Unfoldable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir import nodes
    from ..options.compile_inputs import CompileOptions
    from ..source.sources import Sources

SECONDS = 60.0  # time limit of the process
# variables that Python needs to find its installation
KEPT_VARIABLES = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LD_LIBRARY_PATH")


class Failed(Exception):
    """Raised if the process failed; `args[0]` is the reason."""


def evaluate(
    sources: Sources, flow: nodes.Flow, config: str, what: str, text: str | None, options: CompileOptions
) -> Any:
    """Returns the result of a config's parser for the text, or of its callable default. Raises Unfoldable."""
    import ast

    try:
        answer = ask(
            sources, flow, {"do": "evaluate", "config": config, "what": what, "text": text, "decorators": {}}, options
        )
    except Failed as error:
        raise Unfoldable(f"its {what} failed: {error}") from None
    return ast.literal_eval(answer["literal"])


def ask(sources: Sources, flow: nodes.Flow, request: dict[str, Any], options: CompileOptions) -> Any:
    """Sends the request to a new process and returns the answer. Raises Failed."""
    import json
    import select
    import signal
    import subprocess
    import time

    from flowc.runtime_shim.contract.source_roots import variables

    from ..decorators.decorator import plugins_in_use
    from ..ir.json_form import plain_record

    reader, writer = os.pipe()
    configs = {"configs": [plain_record(config) for config in flow.configs]}
    plugins = plugins_in_use()
    if plugins is not None:
        configs["inputs"] = [plain_record(record) for record in plugins.inputs(flow)]
    data = {
        **request,
        "folder": os.path.abspath(sources.folder),
        "file": flow.file,
        "class": flow.name,
        "flow": configs,
        "answer": writer,
        "alone": not options.whole_environment,
    }
    environment = (
        dict(os.environ)
        if options.whole_environment
        else {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    )
    environment.update(
        {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", **options.environment}
    )
    environment.update(variables(sources.roots()))
    sys.stdout.flush()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowc.runtime_shim.user_code.mutator_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(writer,),
            env=environment,
            start_new_session=True,
        )
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
                raise Failed("their result is too large")
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Failed(f"they took more than {SECONDS:.0f} seconds") from None
    finally:
        os.close(reader)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    try:
        reply = json.loads(answer)
    except ValueError:
        raise Failed(f"their process ended without an answer, with status {process.returncode}") from None
    if "error" in reply:
        raise Failed(str(reply["error"]))
    return reply

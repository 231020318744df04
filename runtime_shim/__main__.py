"""`python -m flowc.runtime_shim task --step STEP --path PATH [--report REPORT]…`: runs one task of a run.

Engines start it in the task's container (docs/shim.md).
"""

from __future__ import annotations

import gc
import os
import sys

from .contract import address
from .contract.errors import ShimError, UsageError
from .contract.graph import read_graph
from .contract.start import read_start, required
from .store import open_store
from .task import attempt_number, private_folder
from .task.attempt import Attempt
from .task.beginning import read_beginning
from .task.capture import Capture
from .task.run_task import run_task
from .user_code.flow_module import load_flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from .container.arguments import Several
    from .contract.report import Report

USAGE = (
    "usage: python -m flowc.runtime_shim task --step STEP --path PATH [--report REPORT]... [--items K] "
    "[--containers N] [--within STEP,... [--cores C] [--memory MIB] [--peaks STEP=MIB,...]]"
)
SEVERAL = ("--within", "--items", "--containers", "--cores", "--memory", "--peaks")  # of one that is of several steps


def main(argv: List[str]) -> int:
    """Runs the command line. Returns the exit code (docs/shim.md, Exit codes)."""
    try:
        if argv[:1] == ["hooks"]:
            from .task.ended_run import call_hooks

            return call_hooks(argv[1:])
        step, path, reports, more = _arguments(argv)
        return _task(step, path, reports, more)
    except UsageError as error:
        return _said(error, 2)
    except ShimError as error:
        return _said(error, 3)


def _said(error: ShimError, code: int) -> int:
    """Reports the error to the log and to the engine, and returns the exit code."""
    from .task import termination

    print(f"flowc: {error}", file=sys.stderr)
    termination.write(f"flowc: {error}")
    return code


def _arguments(argv: List[str]) -> Tuple[str, str, List[Report], Optional[Several]]:
    if not argv or argv[0] != "task":
        raise UsageError(USAGE)
    options: Dict[str, str] = {}
    reports: List[Report] = []
    words = iter(argv[1:])
    for word in words:
        name, equals, value = word.partition("=")
        if name not in ("--step", "--path", "--report", *SEVERAL):
            raise UsageError(f"unknown argument {word!r}\n{USAGE}")
        if not equals:
            value = next(words, "")
        if not value:
            raise UsageError(f"{name} has no value\n{USAGE}")
        if name == "--report":
            from .contract.report import parse

            reports.append(parse(value))
        else:
            options[name] = value
    if "--step" not in options or "--path" not in options:
        raise UsageError(USAGE)
    more = None
    if len(options) > 2:
        from .container.arguments import parse_several

        more = parse_several(options)
    try:
        if more is None or not more.within:  # the path of a chunk is checked with the rest of its arguments
            address.checked(options["--path"])
    except address.BadPath:
        raise UsageError(f"{options['--path']!r} is not a valid task path") from None
    return options["--step"], options["--path"], reports, more


def _task(step: str, path: str, reports: List[Report], more: Optional[Several]) -> int:
    store = open_store(required(os.environ, "FLOWC_STORE"), durable=True)
    packages = os.environ.get("FLOWC_PACKAGES", "")
    if "=conda:" in packages:
        from .environments.own_python import enter

        enter(store, packages, sys.argv[1:])
    flow, run, code = (
        required(os.environ, "FLOWC_FLOW"),
        required(os.environ, "FLOWC_RUN"),
        os.environ.get("FLOWC_CODE", ""),
    )
    start = read_start(os.environ)
    place, is_later = [store.url, flow, run, step, path], bool(start.attempt or start.request or start.first)
    folder = os.environ.get("FLOWC_CODE_DIR", "")
    fetched = ""
    if not folder:
        if not code:
            raise UsageError("one of FLOWC_CODE and FLOWC_CODE_DIR must be set")
        folder = fetched = private_folder.create("code", place, is_later)
    several = more is not None and more.within
    ahead = [address.run_record_name(flow, run)]
    if not several:
        ahead.append(address.record_name(flow, run, step, path))
        ahead += attempt_number.earlier_names(flow, run, step, path, start)
        if start.tries and start.goes_on_counting:
            ahead.append(address.task_name(flow, run, step, path, f"{start.attempt - 1}.failure.json"))
    if start.request:
        ahead.append(address.code_of_request_name(flow, run, start.request))
    store.fetch_ahead([address.code_name(flow, code), *ahead] if fetched else ahead)
    try:
        begun = read_beginning(store, flow, run, step, path, start, code)
        if fetched:
            from .contract.code_package import fetch

            fetch(store, flow, begun.code, folder)
        elif begun.code != code:
            raise ShimError(
                f"run {run!r} of flow {flow} continues with code {begun.code}, but this image holds {code}: "
                "start a new run, or give the task the image that the run began with"
            )
        graph = read_graph(folder, os.environ.get("FLOWC_IR", ""))
        if graph.name != flow:
            raise ShimError(f"the code package holds flow {graph.name}, not {flow}")
        parameters = os.environ.get("FLOWC_PARAMETERS")
        if more is not None and several:
            from .container.run import Started, run_container

            private = private_folder.create("container", place, is_later)
            try:
                values = _decoded(parameters) if parameters else {}
                started = Started(store, graph, run, step, path, more, start, begun, values, bool(fetched), private)
                return run_container(started, reports)
            finally:
                private_folder.remove(private)

        def load() -> Any:
            gc.freeze()  # what exists now will stay; the bundle's first file has disabled collection (one_file.py)
            gc.enable()
            if "=" in packages:  # the digest alone is of an environment that this process is in already
                from .environments.activate import activate

                activate(store, packages)
            return load_flow(folder, graph.flow, once=bool(fetched))

        attempt = attempt_number.number(store, flow, run, step, path, start)
        if attempt:
            from .task.failure import write_silent_death

            write_silent_death(store, flow, run, (step, path, attempt - 1))
        log_name = address.task_name(flow, run, step, path, f"{attempt}.log")
        task = Attempt(
            store, graph, run, step, path, attempt, begun.code, os.environ.get("FLOWC_TARGET", ""),
            _decoded(parameters) if parameters else {}, load,
            start=start, begun=begun,
        )  # fmt: skip
        task.several = more
        with Capture(lambda log: store.put(log_name, log)) as output:
            outcome = run_task(task)
        if task.report:
            print(f"flowc: {task.report}", file=sys.stderr)
        if output.data:
            store.put(log_name, output.data)
        if outcome is None:
            return task.exit_code
        if more is not None and "splits" in outcome:
            outcome = more.divided(path, outcome)
        if reports:
            from .contract.report import TaskObjects, send

            send(reports, outcome, TaskObjects(store, flow, run, step, path))
        return 0
    finally:
        if fetched:
            private_folder.remove(fetched)


def _decoded(text: str) -> Dict[str, Any]:
    from .contract.parameters import decode

    return decode(text)


def start() -> None:
    """Runs the command line and ends the process.

    Joins threads and runs atexit handlers, but skips interpreter teardown.
    """
    code = main(sys.argv[1:])
    if sys.flags.inspect:
        sys.exit(code)
    import atexit

    threading: Any = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    from .task.capture import flush

    flush()
    os._exit(code)


if __name__ == "__main__":
    start()

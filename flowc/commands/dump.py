"""`flowc dump`: the artifacts of a run, as text for people or JSON for programs."""

from __future__ import annotations

import os

from flowc.compiler.diagnostics import printable

from ..options import Option, one_positional, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.runtime_shim.inspect import Dump

USAGE = ("flowc dump RUN[/STEP[/PATH]] [OPTIONS]",)
TEXT = """
Prints the artifacts of the tasks of a run that have succeeded: their names, types and `repr`; parameters and class constants among them.
PATH is the task's place in foreaches: `3` for the item 3, `3.0` one level deeper, `-` outside.
"""
OPTIONS = (
    Option("--json", "print {step: [{path, artifacts: {name: {type, repr}}}]}, sorted"),
    Option("--store", "the datastore of the run", "URL", default=".flowc here or in a folder above"),
    Option("--flow", "the flow that the run is of, where several have a run of that name", "NAME"),
    Option("--flow-file", "the flow's file: its datastore is .flowc beside it", "FILE"),
)
EXAMPLES = (("flowc dump try7/end", "the artifacts of the last step"), ("flowc dump try7/train/3.0 --json", "of one task"))


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.errors import ShimError

    arguments = parse(argv, OPTIONS)
    what = one_positional(arguments, "the run")
    url = arguments.text("--store") or _nearest_store(arguments.text("--flow-file"))
    name, _, rest = what.partition("/")
    step, _, path = rest.partition("/")
    try:
        found = _dump(url, arguments.text("--flow"), name, step, path)
    except ShimError as error:
        raise Failure(str(error)) from None
    if arguments.flag("--json"):
        import json

        out.verbatim((json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass"))
    elif found:
        out.print("\n".join(_lines(found)))
    return 0


def _dump(url: str, flow: str, name: str, step: str, path: str) -> Dump:
    from flowc.runtime_shim import inspect
    from flowc.runtime_shim.store import open_store

    store = open_store(url)
    flow = inspect.find_run(store, name, flow)
    with _Code(store, flow, name):
        return inspect.dump(store, flow, name, step, path)


class _Code:
    """The run's own code, importable while its artifacts are read: some are of classes that it defines."""

    def __init__(self, store: object, flow: str, run: str) -> None:
        self.store, self.flow, self.run = store, flow, run

    def __enter__(self) -> None:
        import sys
        import tempfile

        from flowc.runtime_shim import metaflow_alias, package, record
        from flowc.runtime_shim.errors import ShimError

        self.folder = tempfile.mkdtemp(prefix="flowc-code-")
        started = record.read_run(self.store, self.flow, self.run) or {}  # type: ignore[arg-type]
        try:
            package.fetch(self.store, self.flow, str(started.get("code", "")), self.folder)  # type: ignore[arg-type]
        except ShimError:  # artifacts of Python's own types can be read without it
            pass
        metaflow_alias.install()
        sys.path.insert(0, self.folder)

    def __exit__(self, *_: object) -> None:
        import shutil
        import sys

        sys.path.remove(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


def _nearest_store(flow_file: str) -> str:
    if flow_file:
        return os.path.join(os.path.dirname(os.path.abspath(flow_file)), ".flowc")
    folder = os.getcwd()
    while True:
        if os.path.isdir(os.path.join(folder, ".flowc")):
            return os.path.join(folder, ".flowc")
        above = os.path.dirname(folder)
        if above == folder:
            raise Failure("there is no datastore `.flowc` here or in a folder above; name it with `--store`")
        folder = above


def _lines(found: Dump) -> Iterator[str]:
    for step, tasks in sorted(found.items()):
        for task in tasks:
            yield step if task["path"] == "-" else f"{step}/{task['path']}"
            artifacts = task["artifacts"]
            width = max((len(name) for name in artifacts), default=0)
            for name, shown in artifacts.items():
                text = printable(shown["repr"])
                yield f"  {name:<{width}}  {text if len(text) <= 120 else text[:117] + '…'}  ({shown['type']})"

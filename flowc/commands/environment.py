"""`flowc environment build`: writes the archives of a flow's locked environments to the datastore."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused

from ..environments import locks, requests
from ..flow_source import FLOW, ISOLATED, WITH, load_flow, placed
from ..options import Arguments, Option, Usage, parse
from ..settings import NONE, settings_for
from ..source_options import OPTIONS as SOURCE
from ..source_options import compile_inputs
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..environments.pylock import Lock

USAGE = ("flowc environment build FLOW.py [--store URL | --output DIR] [OPTIONS]",)
TEXT = """
Builds an archive of each environment that is locked for Linux, from the lock alone, and writes it to the datastore as
runtime/environments/DIGEST.tar.gz, unless it exists. Tasks fetch and unpack it when they start, and contact no index.
The archive holds bytecode, so this machine must have the environment's version of Python. The archive may be for a
different kind of machine.
"""
OPTIONS = (
    Option("--store", "the datastore that tasks use", "URL", default="FLOWC_STORE"),
    Option("--output", "write to this folder instead, in the layout of a datastore", "DIR", "-o"),
    Option("--again", "build archives that exist already, too"),
    FLOW,
    WITH,
    ISOLATED,
    *SOURCE,
    Option("--quiet", "print only problems", short="-q"),
)
EXAMPLES = (
    ("flowc environment build FLOW.py --store s3://models/flowc", "before a deployed flow runs"),
    ("flowc environment build FLOW.py --output build", "to copy to the datastore later"),
)


def run(argv: list[str], out: Output) -> int:
    arguments = parse(argv, OPTIONS)
    words = arguments.positional
    if words[:1] != ("build",):
        raise Usage("`flowc environment` has one command, `build`", "write `flowc environment build FLOW.py`")
    if len(words) != 2:
        raise Usage("the flow's file is missing" if len(words) < 2 else f"unexpected argument `{words[2]}`")
    path = words[1]
    isolated = arguments.flag("--isolated")
    settings = (NONE if isolated else settings_for(path)).options
    program = load_flow(path, arguments.text("--flow"), arguments.all("--with"), isolated, compile_inputs(arguments))
    problems = [*requests.unlockable_of(program.flow, path, settings)]
    problems += locks.problems(program.flow, path, settings)
    if problems:
        raise Refused(*placed(program, path, problems))
    selected = locks.for_platforms(program.flow, path, settings, "linux/")
    if not selected:
        _say(arguments, out, "the flow asks for no packages")
        return 0
    return _build(selected, _destination(arguments, settings), arguments, out)


def _destination(arguments: Arguments, settings: dict[str, str]) -> str:
    if arguments.text("--output"):
        if arguments.text("--store"):
            raise Usage("`--store` and `--output` exclude each other", "give one of them")
        return arguments.text("--output")
    store = arguments.text("--store") or settings.get("store", "") or os.environ.get("FLOWC_STORE", "")
    if not store:
        raise Usage("the destination is missing", "give `--store URL` or `--output DIR`")
    return store


def _build(selected: list[Lock], place: str, arguments: Arguments, out: Output) -> int:
    import time

    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.environments import description
    from flowc.runtime_shim.store import open_store

    from ..environments import shown
    from ..environments.build import build, put

    try:
        store = open_store(place)
        for lock in selected:
            name = f"environment `{lock.name}` for {lock.platform.name}"
            if not arguments.flag("--again") and description.read(store, lock.environment) is not None:
                _say(arguments, out, f"{name}: exists")
                continue
            started = time.monotonic()
            _say(arguments, out, f"{name}: building, {shown.packages(lock.count)}")
            archive = build(lock)
            put(store, archive)
            about = archive.description
            sizes = f"{shown.size(about.size)}, {shown.size(about.unpacked)} unpacked"
            file = description.archive_name(lock.environment)
            _say(arguments, out, f"{name}: {file}, {sizes}, {time.monotonic() - started:.1f} s")
    except ShimError as error:
        raise Failure(str(error)) from None
    return 0


def _say(arguments: Arguments, out: Output, text: str) -> None:
    if not arguments.flag("--quiet"):
        out.print(text)

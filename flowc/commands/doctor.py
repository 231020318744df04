"""`flowc doctor`: says in one page what is missing to deploy and run flows in a place."""

from __future__ import annotations

import os

from flowc.targets.operating import FINE, MISSING, UNKNOWN, EngineError, Finding, operator

from ..deploying import place
from ..options import Option, Usage
from ..terminal import Output, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..deploying.place import Place
    from ..options import Arguments

USAGE = ("flowc doctor [--on CONTEXT] [OPTIONS]",)
TEXT = """
Examines a place: the client that flowc needs, the datastore, and what the engine there must have for deploys and runs.
Each thing that is missing comes with the command or the manifest that provides it. It changes nothing but for an object
in the datastore, which it writes, compares and deletes. Exits with 0 if nothing is missing, with 1 otherwise.
"""
OPTIONS = (Option("--json", "print [{state, what, text, remedy}]"),)
EXAMPLES = (("flowc doctor --on prod", "what is missing in production?"),)
_COLOURS = {FINE: "32", MISSING: "1;31", UNKNOWN: "33"}


def run(argv: list[str], out: Output) -> int:
    import json
    import sys

    from flowc.targets.target import emitter

    from ..targeting import of_targets

    target = place.target_of(argv)
    arguments, there = place.parse(argv, OPTIONS, of_targets((emitter(target),)))
    if arguments.positional:
        raise Usage(f"unexpected argument `{arguments.positional[0]}`", "write `flowc doctor --on CONTEXT`")
    as_json = arguments.flag("--json")
    found = []
    if not as_json:
        name = f"{there.context.name} ({there.target})" if there.context.name else there.target
        out.print(f"{name}:")
    for finding in _findings(there, arguments):
        found.append(finding)
        if not as_json:
            _show(finding, out)
            sys.stdout.flush()
    missing = sum(finding.state == MISSING for finding in found)
    unknown = sum(finding.state == UNKNOWN for finding in found)
    if as_json:
        rows = [{name: getattr(finding, name) for name in ("state", "what", "text", "remedy")} for finding in found]
        out.print(json.dumps(rows, indent=2))
    else:
        rest = f"; {unknown} cannot be told from here" if unknown else ""
        out.print(f"\n{missing} missing{rest}" if missing else f"\nnothing is missing{rest}")
    return 1 if missing else 0


def _show(finding: Finding, out: Output) -> None:
    import sys

    from flowc.compiler.report.diagnostics import printable

    mark = paint(_COLOURS[finding.state], f"{'ok' if finding.state == FINE else finding.state:<8}", sys.stdout)
    text = f": {' '.join(finding.text.split())}" if finding.text else ""
    out.print(f"  {mark} {printable(finding.what + text)}")
    if finding.state != FINE and finding.remedy:
        out.print("\n".join(f"             {line}" for line in finding.remedy.splitlines()))


def _findings(there: Place, arguments: Arguments) -> Iterator[Finding]:
    yield from _datastore(there)
    module = operator(there.target)
    assert module is not None
    try:
        engine = module.connect(there.settings)
    except EngineError as error:
        yield Finding(MISSING, f"a connection to {there.target}", error.message, error.hint)
        return
    options = {**there.context.options, **there.settings, "store": there.store}
    yield from engine.findings(options)


def _datastore(there: Place) -> Iterator[Finding]:
    """Writes an object twice: only the first time may succeed, since runs rely on that."""
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.store import open_store

    if not there.store:
        yield Finding(MISSING, "datastore", "none is named", 'write `store = "s3://BUCKET/PREFIX"` into the context')
        return
    what, name = f"datastore {there.store}", f"doctor/{os.urandom(8).hex()}"
    try:
        store = open_store(there.store if "://" in there.store else os.path.abspath(there.store))
        try:
            first = store.put_if_absent(name, b"1")
            second = store.put_if_absent(name, b"2")
            content = store.get(name)
        finally:
            store.delete(name)
    except ShimError as error:
        yield Finding(
            MISSING, what, str(error),
            "check that it exists, and that your credentials may list, read, write and delete objects in it",
        )  # fmt: skip
        return
    if not first or second or content != b"1":
        text = "it does not keep the first of two objects of one name (If-None-Match), on which runs rely"
        yield Finding(MISSING, what, text, "use a service or version that has conditional writes")
        return
    yield Finding(FINE, what, "you may read, write and delete; tasks have credentials of their own")

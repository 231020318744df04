"""`flowc diff`: compares two versions of a flow by their meaning."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import printable

from .. import flow_diff
from ..options import Option, Usage, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..flow_diff import Difference, Version

USAGE = ("flowc diff OLD NEW [OPTIONS]",)
TEXT = """
Compares two versions of a flow: steps, edges, decorators, parameters, the schedule and files. OLD and NEW are each a
flow's file, a file at a commit of git (`COMMIT:FLOW.py`), a folder that `flowc compile -o` wrote, a code package, or a
deployment (`CONTEXT:NAME@N`, without `@N` the last one). Exits with 0, also if they differ; `--check` makes that 1.
"""
OPTIONS = (
    Option("--format", "the format of the result", "FORMAT", default="text", choices=("text", "markdown", "json")),
    Option("--flow", "the flow, if a side has several", "NAME"),
    Option("--check", "exit with 1 if they differ"),
)
EXAMPLES = (
    ("flowc diff main:train.py train.py --format markdown", "for a pull request"),
    ("flowc diff prod:train train.py", "what has changed since the last deployment?"),
    ("flowc diff prod:train@6 prod:train@7", "what was different in deployment 7?"),
)


def run(argv: list[str], out: Output) -> int:
    arguments = parse(argv, OPTIONS)
    if len(arguments.positional) != 2:
        raise Usage("two versions are needed", "write `flowc diff OLD NEW`")
    flow = arguments.text("--flow")
    old, new = (_version(word, flow) for word in arguments.positional)
    found = list(flow_diff.differences(old, new))
    form = arguments.text("--format", "text")
    if form == "json":
        import json

        out.print(json.dumps([_data(one) for one in found], indent=2))
    elif not found:
        out.print(f"{new.flow['name']}: no difference")
    else:
        out.print("\n".join(map(printable, flow_diff.markdown(found) if form == "markdown" else flow_diff.text(found))))
    return 1 if arguments.flag("--check") and found else 0


def _data(one: Difference) -> dict[str, object]:
    return {"kind": one.kind, "subject": one.subject, "what": one.what, "before": one.before, "after": one.after}


def _version(word: str, flow: str) -> Version:
    """Returns the version that the word names. Raises Failure, Refused and Usage."""
    if os.path.isdir(word):
        return _of_folder(word, flow)
    if word.endswith(".tar.gz"):
        return _of_package(word)
    if os.path.exists(word):
        return _of_file(word, flow)
    head, colon, rest = word.partition(":")
    if colon and rest.endswith(".py"):
        return _of_commit(head, rest, flow)
    if colon:
        return _of_deployment(head, rest)
    hint = "a commit is written COMMIT:FLOW.py, and a deployment CONTEXT:NAME"
    raise Usage(f"`{word}` is neither a file nor a folder", hint)


def _of_file(path: str, flow: str) -> Version:
    from ..flow_source import load_flow
    from ..targeting import package_of

    return flow_diff.version_of(package_of(load_flow(path, flow)).tar)


def _of_package(path: str) -> Version:
    import zlib

    from .. import files

    data = files.read(path)
    try:
        return flow_diff.version_of(zlib.decompress(data or b"", 31))
    except (zlib.error, KeyError, ValueError):
        raise Failure(f"{path} is not a code package") from None


def _of_folder(folder: str, flow: str) -> Version:
    from ..deployments import FOLDER, of_target

    codes = {}
    try:
        targets = sorted(os.listdir(os.path.join(folder, FOLDER)))
    except OSError:
        targets = []
    for target in targets:
        for manifest in of_target(folder, target).values():
            if flow in ("", manifest.flow):
                codes.update(dict.fromkeys(manifest.codes, manifest.flow))
    if len(codes) != 1:
        listed = ", ".join(sorted(set(codes.values()))) or "none"
        raise Failure(f"{folder} must hold one version of a flow; it has {listed}: choose with `--flow`")
    (code,) = codes
    return _of_package(os.path.join(folder, "code", f"{code.rpartition(':')[2]}.tar.gz"))


def _of_commit(commit: str, path: str, flow: str) -> Version:
    """Returns the flow as it was at the commit, from an export of the whole commit."""
    import io
    import tarfile
    import tempfile

    folder = os.path.dirname(path) or "."
    root = _git(folder, "rev-parse", "--show-toplevel").decode().strip()
    archive = _git(root, "archive", "--format=tar", commit)
    inside = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(temporary, filter="data")
            else:
                tar.extractall(temporary)
        exported = os.path.join(temporary, inside)
        if not os.path.exists(exported):
            raise Failure(f"commit {commit} has no file {inside}")
        return _of_file(exported, flow)


def _git(folder: str, *words: str) -> bytes:
    import subprocess

    try:
        done = subprocess.run(["git", "-C", folder, *words], capture_output=True)
    except OSError:
        raise Failure("git is not installed") from None
    if done.returncode:
        raise Failure(" ".join(done.stderr.decode("utf-8", "replace").split()))
    return done.stdout


def _of_deployment(context: str, rest: str) -> Version:
    from flowc.runtime_shim.contract import address, code_package

    from ..deploying import history, place
    from ..deploying.records import DELETE

    name, _, number = rest.partition("@")
    _, there = place.parse(["--on", context], ())
    engine = place.connect(there)
    deployed = place.asked(lambda: engine.deployed(name))
    records = history.of_name(there, name, deployed)
    entries = [one for one in place.asked(records.history) if one.data.get("action") != DELETE]
    chosen = [one for one in entries if not number or str(one.n) == number]
    if not chosen:
        raise Failure(f"there is no deployment {rest}; `flowc history {name} --on {context}` lists them")
    code = str(chosen[0].data["code"])
    compressed = place.asked(lambda: records.store.get(address.code_name(records.flow, code)))
    if compressed is None:
        raise Failure(f"the code package of {rest} is no longer in {records.store.url}")
    return flow_diff.version_of(place.asked(lambda: code_package.expand(compressed, code)))

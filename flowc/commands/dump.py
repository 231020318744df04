"""`flowc dump`: prints the artifacts of a run, as text for people or JSON for programs."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import printable

from .. import datastore
from ..options import Option, Usage, parse
from ..terminal import Failure, Output, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.runtime_shim.artifacts.dump import Dump
    from flowc.runtime_shim.client.datastore import Datastore

    from ..datastore import Pathspec

USAGE = ("flowc dump RUN[/STEP[/PATH]] [OPTIONS]", "flowc dump RUN/STEP[/PATH] ARTIFACT")
TEXT = """
Prints the artifacts of the run's tasks that have succeeded: names, types and `repr`. Parameters and class constants are
artifacts too. PATH is the task's place in foreaches: `3` for item 3, `3.0` one level deeper, `-` outside a foreach.
With ARTIFACT, prints only its value, in full.
"""
OPTIONS = (
    Option("--json", "print {step: [{path, artifacts: {name: {type, repr}}}]}, sorted; with private ones"),
    Option("--private", "print artifacts whose names begin with an underscore too"),
    Option("--include", "print only these artifacts", "NAME[,NAME…]", repeated=True),
    Option("--max-value-size", "shorten values whose `repr` has more characters; 0: none", "N", default="1000"),
    Option("--environment", "print what made the artifacts instead: code, commit, Python, packages; --json works too"),
    Option("--file", "write {RUN/STEP/TASK: {name: value}}, pickled, to this file; print nothing else", "FILE"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc dump try7/end", "the artifacts of the last step"),
    ("flowc dump try7/train/3.0 --json", "the artifacts of one task, for a program"),
    ("flowc dump try7/end report", "one value"),
    ("flowc dump try7/end --environment", "the code, commit and packages that made them"),
)

SHOWN = 1000  # a longer `repr` is shortened


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    arguments = parse(argv, OPTIONS)
    if len(arguments.positional) > 2:
        raise Usage(f"unexpected argument `{arguments.positional[2]}`")
    if not arguments.positional:
        raise Usage("the run is missing")
    what, artifact = (*arguments.positional, "")[:2]
    names = (
        [artifact] if artifact else [name for value in arguments.all("--include") for name in value.split(",") if name]
    )
    size = arguments.integer("--max-value-size", SHOWN, least=0)
    try:
        place = datastore.place_of(arguments)
        pathspec = datastore.find(place, what, arguments.text("--flow"))
        if artifact and not pathspec.step:
            raise Usage(f"`{artifact}` is an artifact of a task: name the task as RUN/STEP or RUN/STEP/PATH")
        if arguments.flag("--environment"):
            _environment(place, pathspec, arguments.flag("--json"), out)
            return 0
        with _Code(place.store, pathspec.flow, pathspec.run):
            if arguments.text("--file"):
                _write(arguments.text("--file"), place, pathspec, names, arguments.flag("--private"), out)
                return 0
            dumped = _dump(place, pathspec, names)
    except ShimError as error:
        raise Failure(str(error)) from None
    if artifact:
        _one(dumped, pathspec, artifact, out)
    elif arguments.flag("--json"):
        _print_json(dumped, out)
    elif dumped:
        out.print("\n".join(_lines(dumped, size, arguments.flag("--private") or bool(names))))
    return _damage(dumped, pathspec, out)


def _print_json(data: object, out: Output) -> None:
    import json

    out.verbatim(
        (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
    )


def _environment(place: Datastore, pathspec: Pathspec, as_json: bool, out: Output) -> None:
    from .. import provenance

    provenances = provenance.provenance(place, pathspec)
    if as_json:
        _print_json(provenances, out)
    elif provenances:
        out.print("\n".join(provenance.lines(provenances)))


def _dump(place: Datastore, pathspec: Pathspec, names: list[str]) -> Dump:
    """Returns the artifacts that were asked for. Raises ShimError if no task has an artifact of one of the names."""
    from flowc.runtime_shim.artifacts.dump import dump
    from flowc.runtime_shim.contract.errors import ShimError

    dumped = dump(place.store, pathspec.flow, pathspec.run, pathspec.step, pathspec.path)
    if not names:
        return dumped
    artifact_names = {name for tasks in dumped.values() for task in tasks for name in task["artifacts"]}
    missing = [name for name in names if name not in artifact_names]
    if missing:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(missing[0], sorted(artifact_names))
        raise ShimError(
            f"there is no artifact `{missing[0]}`"
            + (f"; did you mean `{close}`?" if close else f"; the artifacts are {', '.join(sorted(artifact_names))}")
        )
    return {
        step: [
            {**task, "artifacts": {name: shown for name, shown in task["artifacts"].items() if name in names}}
            for task in tasks
        ]
        for step, tasks in dumped.items()
    }


def _damage(dumped: Dump, pathspec: Pathspec, out: Output) -> int:
    """Reports what cannot be read; returns the exit code."""
    problems = []
    for step, tasks in sorted(dumped.items()):
        for task in tasks:
            place = f"{pathspec.run}/{step}/{task['path']}"
            problems += [
                f"{place}: {shown['damaged']}" for shown in (task, *task["artifacts"].values()) if "damaged" in shown
            ]
    if problems:
        more = [f"and {len(problems) - 20} more"] if len(problems) > 20 else []
        what = "1 artifact or task" if len(problems) == 1 else f"{len(problems)} artifacts or tasks"
        out.error("\n  ".join([f"{what} cannot be read", *problems[:20], *more]))
    return 1 if problems else 0


def _one(dumped: Dump, pathspec: Pathspec, artifact: str, out: Output) -> None:
    tasks = [task for step_tasks in dumped.values() for task in step_tasks if artifact in task["artifacts"]]
    if len(tasks) > 1:
        names = ", ".join(f"{pathspec.run}/{pathspec.step}/{task['path']}" for task in tasks[:5])
        raise Failure(f"{len(tasks)} tasks have `{artifact}`: name one of {names}")
    if "damaged" not in tasks[0]["artifacts"][artifact]:
        out.print(lines(tasks[0]["artifacts"][artifact]["repr"]))


def _write(file: str, place: Datastore, pathspec: Pathspec, names: list[str], private: bool, out: Output) -> None:
    """Writes the values themselves, as Metaflow's `dump --file` does."""
    import pickle

    from flowc.runtime_shim.artifacts import manifest as artifacts
    from flowc.runtime_shim.artifacts.manifest import INTERNAL
    from flowc.runtime_shim.contract.address import task_id
    from flowc.runtime_shim.contract.tasks import tasks

    from .. import files

    values: dict[str, dict[str, object]] = {}
    for step, path in tasks(place.store, pathspec.flow, pathspec.run, pathspec.step, pathspec.path):
        done = place.record(pathspec.flow, pathspec.run, step, path)
        if done is not None:
            selected = [
                name
                for name in done.artifacts
                if (name in names if names else private or not name.startswith("_")) and not name.startswith(INTERNAL)
            ]
            loaded = {name: artifacts.load(place.store, pathspec.flow, name, done.artifacts[name]) for name in selected}
            values[f"{pathspec.run}/{step}/{task_id(step, path)}"] = loaded
    files.write(file, pickle.dumps(values))
    out.print(lines(f"{file}: the artifacts of {len(values)} tasks"))


class _Code:
    """Makes the run's own code importable while its artifacts are read: some are instances of its classes."""

    def __init__(self, store: object, flow: str, run: str) -> None:
        self.store, self.flow, self.run = store, flow, run

    def __enter__(self) -> None:
        import sys
        import tempfile

        from flowc.runtime_shim.api import metaflow_alias
        from flowc.runtime_shim.contract import code_package, record
        from flowc.runtime_shim.contract.errors import ShimError

        self.folder = tempfile.mkdtemp(prefix="flowc-code-")
        started = record.read_run(self.store, self.flow, self.run) or {}  # type: ignore[arg-type]
        try:
            code_package.fetch(self.store, self.flow, str(started.get("code", "")), self.folder)  # type: ignore[arg-type]
        except ShimError:  # artifacts of built-in types can be read without it
            pass
        metaflow_alias.install()
        sys.path.insert(0, self.folder)

    def __exit__(self, *_: object) -> None:
        import shutil
        import sys

        sys.path.remove(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


def _lines(dumped: Dump, size: int, private: bool) -> Iterator[str]:
    """Yields the lines for a person. A value longer than `size` characters is shortened; 0 shows all."""
    for step, tasks in sorted(dumped.items()):
        for task in tasks:
            yield step if task["path"] == "-" else f"{step}/{task['path']}"
            artifacts = {
                name: shown for name, shown in task["artifacts"].items() if private or not name.startswith("_")
            }
            width = max((len(name) for name in artifacts), default=0)
            for name, shown in artifacts.items():
                text = printable(shown["repr"])
                if size and len(text) > size:
                    text = f"{text[:60]}… ({len(text)} characters)"
                yield f"  {name:<{width}}  {text}  ({shown['type']})"

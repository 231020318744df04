"""The provenance of a task's artifacts: the run, the code and its commit, the interpreter, the installed packages."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore

    from .datastore import Pathspec

    Made = dict[str, Any]

WIDTH = 120  # columns of the list of packages


def provenance(place: Datastore, pathspec: Pathspec) -> dict[str, list[Made]]:
    """Returns, by step, the provenance of each task that has succeeded. Raises ShimError if the named step has none."""
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.contract.tasks import tasks
    from flowc.runtime_shim.task import environment

    environments: dict[str, Made] = {}
    by_step: dict[str, list[Made]] = {}
    succeeded = list(tasks(place.store, pathspec.flow, pathspec.run, pathspec.step, pathspec.path))
    for (step, path), done in zip(
        succeeded, place.each(succeeded, lambda task: place.record(pathspec.flow, pathspec.run, *task))
    ):
        if done is None:
            continue
        environment_of_task = dict(done.data.get("environment") or {})
        digest = str(environment_of_task.pop("digest", ""))
        locked = environment_of_task.pop("packages", None)  # the digest of an environment in the flow's lock
        if digest not in environments:
            environments[digest] = environment.read(place.store, pathspec.flow, digest) or {}
        made_in = str(done.data.get("origin") or pathspec.run)  # a reused task ran in an earlier run
        run = place.run(pathspec.flow, made_in) or {}
        about = {
            name: run.get(name)
            for name in ("target", "user", "started", "parameters", "git", "dirty", "script", "flowc")
            if name in run
        }
        environment_data = {name: value for name, value in environments[digest].items() if name != "version"}
        entry = {
            "path": path,
            "run": made_in,
            "attempt": done.data.get("attempt", 0),
            **about,
            "code": environment_of_task.get("code"),
            **environment_of_task,
            **({"environment": locked} if locked else {}),
            **environment_data,
        }
        by_step.setdefault(step, []).append(
            {**entry, "task_started": done.data.get("started"), "task_ended": done.data.get("ended")}
        )
    if not by_step and pathspec.step:
        task_name = f"{pathspec.step}/{pathspec.path}" if pathspec.path else pathspec.step
        raise ShimError(f"run {pathspec.run!r} has no task {task_name} that has succeeded")
    return by_step


def lines(by_step: dict[str, list[Made]]) -> Iterator[str]:
    """Yields lines for a person. Tasks with the same provenance are listed together."""
    import textwrap

    groups: dict[str, tuple[Made, list[str]]] = {}
    for step, tasks in by_step.items():
        for task in tasks:
            same = {
                name: value
                for name, value in task.items()
                if name not in ("path", "attempt", "task_started", "task_ended")
            }
            name = step if task["path"] == "-" else f"{step}/{task['path']}"
            groups.setdefault(repr(same), (same, []))[1].append(name)
    for task, names in groups.values():
        yield printable(", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else ""))
        yield printable(
            f"  run       {task['run']}, target {task.get('target')}"
            + (f", of {task['user']}" if task.get("user") else "")
        )
        dirty = {
            True: ", with uncommitted changes",
            False: "",
            None: " (it is unknown if there were uncommitted changes)",
        }
        commit = f", commit {task['git']}{dirty[task.get('dirty')]}" if task.get("git") else ""
        script = f" ({task['script']})" if task.get("script") else ""
        yield printable(f"  code      {task.get('code') or '?'}{script}{commit}")
        machine = f" {task['machine']}" if task.get("machine") else ""
        python = f"{task.get('python', '?')} on {task.get('platform', '?')}{machine}"
        yield printable(f"  python    {python}, flowc {task.get('flowc', '?')}")
        if task.get("environment"):
            yield printable(f"  locked    {task['environment']}")
        if "packages" in task:
            text = ", ".join(f"{name} {version}" for name, version in task["packages"].items()) or "none"
            yield from textwrap.wrap(
                printable(text),
                WIDTH,
                initial_indent="  packages  ",
                subsequent_indent=" " * 12,
                break_on_hyphens=False,
            )

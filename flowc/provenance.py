"""The provenance of a task's artifacts: the run, the code and its commit, the interpreter, the installed packages."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore

    from .datastore import Found

    Made = dict[str, Any]

WIDTH = 120  # columns of the list of packages


def provenance(place: Datastore, found: Found) -> dict[str, list[Made]]:
    """Returns, by step, the provenance of each task that has succeeded. Raises ShimError if the named step has none."""
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.contract.tasks import tasks
    from flowc.runtime_shim.task import environment

    environments: dict[str, Made] = {}
    made: dict[str, list[Made]] = {}
    succeeded = list(tasks(place.store, found.flow, found.run, found.step, found.path))
    for (step, path), done in zip(
        succeeded, place.each(succeeded, lambda task: place.record(found.flow, found.run, *task))
    ):
        if done is None:
            continue
        known = dict(done.data.get("environment") or {})
        digest = str(known.pop("digest", ""))
        if digest not in environments:
            environments[digest] = environment.read(place.store, found.flow, digest) or {}
        made_in = str(done.data.get("origin") or found.run)  # a reused task ran in an earlier run
        run = place.run(found.flow, made_in) or {}
        about = {
            name: run.get(name)
            for name in ("target", "user", "started", "parameters", "git", "dirty", "script", "flowc")
            if name in run
        }
        there = {name: value for name, value in environments[digest].items() if name != "version"}
        one = {
            "path": path,
            "run": made_in,
            "attempt": done.data.get("attempt", 0),
            **about,
            "code": known.get("code"),
            **known,
            **there,
        }
        made.setdefault(step, []).append(
            {**one, "task_started": done.data.get("started"), "task_ended": done.data.get("ended")}
        )
    if not made and found.step:
        raise ShimError(
            f"run {found.run!r} has no task {found.step}{f'/{found.path}' if found.path else ''} that has succeeded"
        )
    return made


def lines(made: dict[str, list[Made]]) -> Iterator[str]:
    """Yields lines for a person. Tasks with the same provenance are listed together."""
    import textwrap

    groups: dict[str, tuple[Made, list[str]]] = {}
    for step, tasks in made.items():
        for each in tasks:
            same = {
                name: value
                for name, value in each.items()
                if name not in ("path", "attempt", "task_started", "task_ended")
            }
            name = step if each["path"] == "-" else f"{step}/{each['path']}"
            groups.setdefault(repr(same), (same, []))[1].append(name)
    for each, names in groups.values():
        yield printable(", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else ""))
        yield printable(
            f"  run       {each['run']}, target {each.get('target')}"
            + (f", of {each['user']}" if each.get("user") else "")
        )
        dirty = {
            True: ", with uncommitted changes",
            False: "",
            None: " (it is unknown if there were uncommitted changes)",
        }
        commit = f", commit {each['git']}{dirty[each.get('dirty')]}" if each.get("git") else ""
        script = f" ({each['script']})" if each.get("script") else ""
        yield printable(f"  code      {each.get('code') or '?'}{script}{commit}")
        machine = f" {each['machine']}" if each.get("machine") else ""
        python = f"{each.get('python', '?')} on {each.get('platform', '?')}{machine}"
        yield printable(f"  python    {python}, flowc {each.get('flowc', '?')}")
        if "packages" in each:
            text = ", ".join(f"{name} {version}" for name, version in each["packages"].items()) or "none"
            yield from textwrap.wrap(
                printable(text),
                WIDTH,
                initial_indent="  packages  ",
                subsequent_indent=" " * 12,
                break_on_hyphens=False,
            )

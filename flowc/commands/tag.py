"""`flowc tag`: adds, removes and lists the tags of runs."""

from __future__ import annotations

from .. import datastore
from ..options import Option, Usage, parse
from ..terminal import Failure, Output, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore

    from ..options import Arguments

USAGE = (
    "flowc tag add RUN TAG…",
    "flowc tag remove RUN TAG…",
    "flowc tag replace RUN --remove TAG --add TAG",
    "flowc tag list [RUN] [OPTIONS]",
)
TEXT = """
Adds, removes and lists the tags of a run. System tags (`user:…`, `runtime:…`) cannot be removed. With --flow or
--flow-file, all words are tags, and the run is the one that --run-id names or else the flow's latest.
"""
OPTIONS = (
    Option("--run-id", "the run; every other word is then a tag", "RUN"),
    Option("--add", "with `replace`: a tag to add", "TAG", repeated=True),
    Option("--remove", "with `replace`: a tag to remove", "TAG", repeated=True),
    Option("--namespace", "only a run that has this tag", "TAG", may_be_empty=True),
    Option("--all", "with `list`: the tags of all runs"),
    Option("--my-runs", "with `list`: the tags of all your runs"),
    Option("--hide-system-tags", "with `list`: only tags that people added"),
    Option("--group-by-tag", "with `list`: each tag, and the runs that have it"),
    Option("--group-by-run", "with `list`: each run, and its tags"),
    Option("--flat", "with `list`: one tag per line, without headings"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc tag add try7 good reviewed", "two tags"),
    ("flowc tag replace try7 --remove candidate --add production", "in one step"),
)

ACTIONS = ("add", "remove", "replace", "list")
_ONLY = {
    **dict.fromkeys(("--add", "--remove"), "replace"),
    **dict.fromkeys(("--all", "--my-runs", "--hide-system-tags", "--group-by-tag", "--group-by-run", "--flat"), "list"),
}


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.exceptions import MetaflowException

    arguments = parse(argv, OPTIONS)
    action, words = _action(arguments)
    for option, of in _ONLY.items():
        if option in arguments.given and of != action:
            raise Usage(f"`{option}` is an option of `tag {of}`, not of `tag {action}`")
    try:
        place = datastore.place_of(arguments)
        if action == "list":
            _list(place, arguments, words, out)
        else:
            _change(place, arguments, action, words, out)
    except (ShimError, MetaflowException) as error:
        raise Failure(str(error)) from None
    return 0


def _action(arguments: Arguments) -> tuple[str, list[str]]:
    words = list(arguments.positional)
    action = words.pop(0) if words else ""
    if action not in ACTIONS:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(action, ACTIONS)
        hint = f"did you mean `tag {close}`?" if close else "write " + ", ".join(f"`tag {name}`" for name in ACTIONS)
        raise Usage(f"unknown action `tag {action}`" if action else "the action is missing", hint)
    return action, words


def _change(place: Datastore, arguments: Arguments, action: str, words: list[str], out: Output) -> None:
    from flowc.runtime_shim.client import tags

    flow, run, rest = _run(place, arguments, words)
    if action == "replace":
        if rest:
            raise Usage(f"unexpected argument `{rest[0]}`", "`tag replace` takes its tags with `--remove` and `--add`")
        removing, adding = list(arguments.all("--remove")), list(arguments.all("--add"))
        if not removing or not adding:
            raise Usage("`tag replace` needs `--remove TAG` and `--add TAG`")
    else:
        if not rest:
            raise Usage(f"the tags to {action} are missing")
        removing, adding = ([], rest) if action == "add" else (rest, [])
    now = tags.change(place, flow, run, adding, removing)
    out.print(lines(f"{flow}/{run}: {' '.join(sorted(now)) or 'no tags'}"))


def _run(place: Datastore, arguments: Arguments, words: list[str]) -> tuple[str, str, list[str]]:
    """Returns the flow, the run and the tags that the command line names."""
    flow = _flow(place, arguments)
    named = arguments.text("--run-id")
    if named:
        pathspec = datastore.find(place, named, flow)
        rest = words
    elif flow:
        return flow, _latest(place, flow, arguments), words
    elif words:
        pathspec, rest = datastore.find(place, words[0]), words[1:]
    else:
        raise Usage("the run is missing")
    if pathspec.step:
        raise Usage(f"`{named or words[0]}` is not a run: only runs have tags, steps and tasks have none")
    namespace = arguments.text("--namespace")
    if namespace and namespace not in datastore.run_object(place, pathspec.flow, pathspec.run).tags:
        raise Failure(f"run {pathspec.run} is not in namespace {namespace}: it does not have that tag")
    return pathspec.flow, pathspec.run, rest


def _flow(place: Datastore, arguments: Arguments) -> str:
    """Returns the flow that the options name. `--flow-file` stands for the datastore's only flow."""
    named = arguments.text("--flow")
    if named or not arguments.text("--flow-file"):
        return named
    flows = place.flows()
    if len(flows) > 1:
        raise Failure(f"the datastore has runs of several flows: {', '.join(flows)}; choose one with `--flow`")
    return "".join(flows)


def _latest(place: Datastore, flow: str, arguments: Arguments) -> str:
    from flowc.runtime_shim.client.flow import Flow

    namespaces = [arguments.text("--namespace")] if arguments.text("--namespace") else []
    latest = next(Flow._made(place, (flow,)).runs(*namespaces), None)
    if latest is None:
        raise Failure(
            f"there is no run of {flow} in {place.url}" + (f" in namespace {namespaces[0]}" if namespaces else "")
        )
    return str(latest.id)


def _list(place: Datastore, arguments: Arguments, words: list[str], out: Output) -> None:
    if arguments.flag("--group-by-tag") and arguments.flag("--group-by-run"):
        raise Usage("`--group-by-tag` and `--group-by-run` cannot be combined")
    if len(words) > 1:
        raise Usage(f"unexpected argument `{words[1]}`")
    runs = _runs(place, arguments, words)
    hide = arguments.flag("--hide-system-tags")
    tagged = {run_object.pathspec: sorted(run_object.user_tags if hide else run_object.tags) for run_object in runs}
    every = sorted({tag for tags in tagged.values() for tag in tags})
    if arguments.flag("--group-by-tag"):
        text = [line for tag in every for line in (tag, *(f"  {run}" for run, tags in tagged.items() if tag in tags))]
    elif arguments.flag("--group-by-run") or (not arguments.flag("--flat") and len(tagged) > 1):
        text = [line for run, tags in tagged.items() for line in (run, *(f"  {tag}" for tag in tags))]
    else:
        text = every
    if text:
        out.print(lines("\n".join(text)))


def _runs(place: Datastore, arguments: Arguments, words: list[str]) -> list[Any]:
    from flowc.runtime_shim.client.flow import Flow
    from flowc.runtime_shim.contract import identity

    if arguments.flag("--all") or arguments.flag("--my-runs"):
        if words or arguments.text("--run-id"):
            raise Usage("`--all` and `--my-runs` cannot be combined with a run", "leave out the run")
        mine = [f"user:{identity.user_name()}"] if arguments.flag("--my-runs") else []
        flow = _flow(place, arguments)
        return [run for name in ([flow] if flow else place.flows()) for run in Flow._made(place, (name,)).runs(*mine)]
    if (
        not words
        and not arguments.text("--run-id")
        and not arguments.text("--flow")
        and not arguments.text("--flow-file")
    ):
        raise Usage("the run is missing", "`--all` lists the tags of all runs")
    flow, run, rest = _run(place, arguments, words)
    if rest:
        flow, run = (pathspec := datastore.find(place, rest[0], flow)).flow, pathspec.run
    return [datastore.run_object(place, flow, run)]

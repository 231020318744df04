"""`flowc card`: the cards of a run's tasks, in a browser, as files, or as a list."""

from __future__ import annotations

from .. import datastore
from ..options import Option, Usage, parse
from ..terminal import Failure, Output, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.runtime_shim.cards.client import Card
    from flowc.runtime_shim.client.datastore import Datastore

    from ..datastore import Pathspec
    from ..options import Arguments

USAGE = (
    "flowc card view|get RUN/STEP[/PATH] [OPTIONS]",
    "flowc card list [RUN[/STEP[/PATH]]] [OPTIONS]",
    "flowc card create RUN/STEP[/PATH] [OPTIONS]",
    "flowc card server [RUN] [OPTIONS]",
)
TEXT = """
Shows the cards of tasks (`@card`). `view` opens one in a browser, or writes it to a file with --output. `get` prints
the HTML, or writes it. Both take a card's last attempt, unless `--hash` names another, and list the cards if several
match. `list` lists the cards of a run, by default the latest. `create` makes a card of a task that has succeeded.
`server` serves all cards of a run, by default the latest, to a browser on this machine, as they are refreshed. PATH is
the task's place in foreaches: `3`, `3.0`, or `-` outside of any. The page needs no network. HTML of custom card types
is shown in a sandboxed frame; `get` returns it unchanged.
"""
OPTIONS = (
    Option("--id", "only cards with this `id`", "ID"),
    Option("--type", "only cards of this type", "TYPE"),
    Option("--hash", "only the card whose hash has this prefix", "HASH"),
    Option("--output", "write the page to this file", "FILE", short="-o"),
    Option(
        "--as-json",
        "with `list`: {pathspec, cards: [{id, hash, type, filename}]}; a list of these for a run, a foreach or a loop",
    ),
    Option("--file", "with `list`: write this JSON to a file", "FILE"),
    Option("--follow-resumed", "for tasks that a resumed run took over, show the cards of the first run; the default"),
    Option("--no-follow-resumed", "show only cards of the run itself"),
    Option("--options", "with `create`: the card's options, as JSON", "JSON"),
    Option("--timeout", "with `create`: the most seconds that a custom type may take", "SECONDS", default="45"),
    Option(
        "--component-file", "with `create`: a JSON list of components for the card, as their `render` gives", "FILE"
    ),
    Option("--render-error-card", "with `create`: if the type is unknown or fails, store a card that says why"),
    Option(
        "--mode",
        "with `create`: what the type's class is asked for. Only `render` makes a card that is final",
        "MODE",
        default="render",
        choices=("render", "render_runtime", "refresh"),
    ),
    Option("--port", "with `server`: the port on loopback", "N", default="one that is free"),
    Option("--run-id", "with `server`: the run", "RUN", default="the latest"),
    Option("--namespace", "with `server`: refuse a run outside of this namespace, such as `user:me`", "NAME"),
    Option(
        "--poll-interval",
        "with `server`: the least seconds between two looks for changes",
        "SECONDS",
        default="2, in buckets 10",
    ),
    Option("--max-cards", "with `server`: show at most so many cards, those of the latest tasks", "N", default="all"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc card view try7/train", "the card of a step"),
    ("flowc card get try7/train/3 --id report -o report.html", "one of several cards, as a file"),
    ("flowc card list try7", "all cards of a run"),
    ("flowc card create try7/train --type blank", "one more card of a task that has succeeded"),
)
_WORDS = ("view", "get", "list", "create", "server")


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    arguments = parse(argv, OPTIONS)
    word, *words = arguments.positional or ("",)
    if word not in _WORDS:
        raise Usage(
            f"unknown word `{word}` after `card`" if word else "the word after `card` is missing",
            f"write one of {', '.join(_WORDS)}",
        )
    if len(words) > (2 if word == "get" else 1):
        raise Usage(f"unexpected argument `{words[-1]}`")
    if not words and word not in ("list", "server"):
        raise Usage("the task is missing", f"`flowc card {word} RUN/STEP`")
    file = arguments.text("--output") or "".join(words[1:])
    try:
        place = datastore.place_of(arguments)
        if word == "server":
            return _serve(place, words[0] if words else arguments.text("--run-id"), arguments, out)
        pathspec = _find(place, words[0] if words else "", arguments)
        if word == "create":
            return _create(place, pathspec, arguments, out)
        tasks = list(_tasks(place, pathspec, arguments))
        if word != "list" and not arguments.text("--hash"):
            tasks = [(name, _of_last_attempts(of_task)) for name, of_task in tasks]
        cards = [card for _, of_task in tasks for card in of_task]
        if not cards:
            raise Failure(_missing(place, pathspec) or _nothing(pathspec, arguments))
        if word == "list":
            _list(tasks, arguments, bool(pathspec.path) or _is_task_of(tasks[0][0], pathspec), out)
        elif len(cards) > 1:
            out.print_error(
                f"{len(cards)} cards match: choose one with `--id`, `--type`, `--hash` or the task's PATH\n"
                + _table(tasks)
            )
        elif word == "get":
            _write(cards[0].get(), file, out)
        elif file:
            _write(cards[0].page(), file, out)
        else:
            cards[0].view()
            out.print(lines(f"opened {cards[0].path}"))
    except ShimError as error:
        raise Failure(str(error)) from None
    return 0


def _of_last_attempts(cards: list[Card]) -> list[Card]:
    """Returns the cards without those that a later attempt at the task has, too."""
    last: dict[tuple[str, str | None], int] = {}
    for card in cards:
        last[card.type, card.id] = max(card.attempt, last.get((card.type, card.id), 0))
    return [card for card in cards if card.attempt == last[card.type, card.id]]


def _create(place: Datastore, pathspec: Pathspec, arguments: Arguments, out: Output) -> int:
    """Makes a card of the task, which is the step's only one if no path is given."""
    import json

    from ..card_creation import create

    if not pathspec.step:
        raise Usage("the step is missing", f"`flowc card create {pathspec.run}/STEP`")
    paths = [pathspec.path] if pathspec.path else list(place.tasks(pathspec.flow, pathspec.run, pathspec.step))
    if len(paths) != 1:
        raise Failure(f"step {pathspec.step} has {len(paths)} tasks: name one as {pathspec.run}/{pathspec.step}/PATH")
    try:
        options = json.loads(arguments.text("--options") or "{}")
    except ValueError as error:
        raise Usage(f"the value of `--options` is not JSON: {error}") from None
    if not isinstance(options, dict):
        raise Usage("the value of `--options` must be a JSON object", """such as '{"title": "Report"}'""")
    attributes = {
        "type": arguments.text("--type") or "default",
        "id": arguments.text("--id") or None,
        "options": options,
        "timeout": arguments.integer("--timeout", 45),
        "save_errors": arguments.flag("--render-error-card"),
    }
    components = _components(arguments.text("--component-file"))
    mode = arguments.text("--mode") or "render"
    hash = create(place, pathspec.flow, pathspec.run, pathspec.step, paths[0], attributes, components, mode)
    out.print(lines(f"{pathspec.flow}/{pathspec.run}/{pathspec.step}/{paths[0]}: card {hash[:8]}"))
    return 0


def _components(file: str) -> list[Any]:
    """Returns the components in the file. Raises Failure."""
    import json

    if not file:
        return []
    try:
        with open(file, encoding="utf-8") as reading:
            components = json.load(reading)
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise Failure(f"{file} is not JSON: {error}") from None
    if not isinstance(components, list):
        raise Failure(f"{file} must hold a JSON list of components")
    return components


def _serve(place: Datastore, run: str, arguments: Arguments, out: Output) -> int:
    """Serves the cards of the run until Ctrl-C."""
    from flowc.runtime_shim.client import tags

    from ..pages.server import serve

    pathspec = _find(place, run, arguments)
    namespace = arguments.text("--namespace")
    if namespace and namespace not in tags.every(place, pathspec.flow, pathspec.run, tags.edited(place, pathspec.flow)):
        raise Failure(f"run {pathspec.run} is not in the namespace {namespace}")
    return serve(
        place.url,
        arguments.integer("--port", 0, least=0),
        out,
        (pathspec.flow, pathspec.run),
        view="cards",
        poll=float(arguments.integer("--poll-interval", 0)),
        most_cards=arguments.integer("--max-cards", 0),
    )


def _find(place: Datastore, text: str, arguments: Arguments) -> Pathspec:
    """Parses RUN[/STEP[/PATH]]. With a flow's file, a step alone is one of its latest run; no text is that run."""
    from flowc.runtime_shim.contract.errors import ShimError

    flow = arguments.text("--flow")
    first = text.partition("/")[0]
    if text and (not flow or "/" in text or place.run(flow, first) is not None):
        return datastore.find(place, text, flow)
    flows = [flow] if flow else place.flows()
    if text:
        return datastore.Pathspec(flow, _latest(place, flow), text, "")
    if len(flows) != 1:
        raise ShimError(f"{place.url} has runs of several flows: name a run, or the flow with `--flow`")
    return datastore.Pathspec(flows[0], _latest(place, flows[0]), "", "")


def _latest(place: Datastore, flow: str) -> str:
    from flowc.runtime_shim.contract.errors import ShimError

    runs = place.runs(flow)
    if not runs:
        raise ShimError(f"{place.url} has no run of flow {flow}")
    return runs[0]


def _tasks(place: Datastore, pathspec: Pathspec, arguments: Arguments) -> Iterator[tuple[str, list[Card]]]:
    """Yields (pathspec of a task, its matching cards) for each task with any."""
    from flowc.runtime_shim.cards.client import Card, cards_of, origin_of
    from flowc.runtime_shim.cards.stored import cards_of_step
    from flowc.runtime_shim.client.task import Task
    from flowc.runtime_shim.contract import address

    follows = not arguments.flag("--no-follow-resumed")
    for step in [pathspec.step] if pathspec.step else place.steps(pathspec.flow, pathspec.run)[::-1]:
        own = cards_of_step(place.store, pathspec.flow, pathspec.run, step, pathspec.path)
        paths = set(own)
        if follows and _has_cards(place, pathspec, step):  # a first run may have made them
            paths.update([pathspec.path] if pathspec.path else place.tasks(pathspec.flow, pathspec.run, step))
        for path in sorted(paths, key=address.order):
            task = Task._made(place, (pathspec.flow, pathspec.run, step, path))
            cards = [Card(task, card) for card in own.get(path, ())]
            origin = origin_of(task) if follows and not cards else None
            if origin is not None:
                task, cards = origin, cards_of(origin)
            cards = [card for card in cards if _is_asked_for(card, arguments)]
            if cards:
                yield task.pathspec, cards


def _is_task_of(task: str, pathspec: Pathspec) -> bool:
    """Returns True if the step is outside of any foreach and loop, so that this is its only task."""
    return bool(pathspec.step) and task.rpartition("/")[2] == pathspec.step


def _has_cards(place: Datastore, pathspec: Pathspec, step: str) -> bool:
    step_info = place.graph(pathspec.flow, pathspec.run).steps.get(step)
    return step_info is not None and any(decorator["name"] == "card" for decorator in step_info["decorators"])


def _is_asked_for(card: Card, arguments: Arguments) -> bool:
    hash, id, type = (arguments.text(f"--{option}") for option in ("hash", "id", "type"))
    if hash:
        return card.hash.startswith(hash)
    return (not id or card.id == id) and (not type or card.type == type)


def _missing(place: Datastore, pathspec: Pathspec) -> str:
    """Returns what the run does not have of RUN/STEP/PATH; "" if the task is there."""
    flow, run, step, path = pathspec.flow, pathspec.run, pathspec.step, pathspec.path
    if not step:
        return ""
    steps = place.graph(flow, run).steps
    if step not in steps:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(step, steps)
        return f"{flow}/{run} has no step {step}" + (f"; did you mean {close}?" if close else "")
    if not place.has_step(flow, run, step):
        return f"{flow}/{run} has not come to step {step}"
    return f"{flow}/{run}/{step} has no task {path}" if path and place.task(flow, run, step, path) is None else ""


def _nothing(pathspec: Pathspec, arguments: Arguments) -> str:
    where = "/".join(part for part in (pathspec.flow, pathspec.run, pathspec.step, pathspec.path) if part)
    asked = " and ".join(
        f"{option} {arguments.text('--' + option)!r}"
        for option in ("hash", "id", "type")
        if arguments.text(f"--{option}")
    )
    return f"Card not found in datastore: {where} has no card" + (f" with {asked}" if asked else "")


def _list(tasks: list[tuple[str, list[Card]]], arguments: Arguments, is_one: bool, out: Output) -> None:
    file = arguments.text("--file")
    if not file and not arguments.flag("--as-json"):
        out.print(_table(tasks))
        return
    import json

    told = [{"pathspec": pathspec, "cards": [_told(card) for card in cards]} for pathspec, cards in tasks]
    text = json.dumps(told[0] if is_one else told, indent=4) + "\n"
    if file:
        from .. import files

        files.write(file, text.encode())
    else:
        out.verbatim(text.encode())


def _told(card: Card) -> dict[str, str | int | None]:
    return {
        "id": card.id,
        "hash": card.hash,
        "type": card.type,
        "filename": card.path.rpartition("/")[2],
        "attempt": card.attempt,
    }


def _table(tasks: list[tuple[str, list[Card]]]) -> str:
    rows = [("task", "type", "id", "attempt", "hash")]
    rows += [
        (pathspec.partition("/")[2], card.type, card.id or "", str(card.attempt), card.hash[:8])
        for pathspec, cards in tasks
        for card in cards
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return lines("\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows))


def _write(html: str, file: str, out: Output) -> None:
    data = html.encode("utf-8", "surrogatepass")
    if not file:
        out.verbatim(data if data.endswith(b"\n") else data + b"\n")
        return
    from .. import files

    files.write(file, data)
    out.print(lines(f"{file}: {len(data)} bytes"))

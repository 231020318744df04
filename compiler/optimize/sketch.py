"""Graphs as one line of text, for examples and tests: `start > a, b; a > &j; b > &j; j > end`.

    a > b           linear                  a > b, c        a split
    a > *b          a foreach               a > b | c       a switch; `a > a | b` is a loop
    a > %b          num_parallel            > &j            j is a join

A chain may be written on: `start > a > b > end`. A step that goes nowhere ends the flow.
"""

from __future__ import annotations

from ..fast_start.record import replace
from ..ir.nodes import Case, Decorator, End, Flow, Foreach, Linear, Parallel, Span, Split, Step, Switch
from ..ir.scopes import scopes, targets
from .draft import Rules, begun
from .same_container import gangs, shape
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ir.nodes import Transition, Value
    from .draft import Draft

SPAN = Span("flow.py", 1, 1, 1, 2)


def sketched(text: str, decorated: Mapping[str, Step] | None = None) -> Flow:
    """Returns the flow of the text; `decorated` holds steps whose decorators it takes."""
    transitions: dict[str, Transition] = {}
    joins = set()
    for statement in text.split(";"):
        names = [part.strip() for part in statement.split(">")]
        for source, target in zip(names, names[1:]):
            joins |= {name.strip(" &") for name in target.replace("|", ",").split(",") if "&" in name}
            transitions[source.strip(" &*%")] = _transition(target.replace("&", "").strip())
    goals = {name: None for one in transitions.values() for name in targets(_step("", one))}
    for name in goals:
        transitions.setdefault(name, End())
    steps = []
    for name, transition in transitions.items():
        own = (decorated or {}).get(name)
        steps.append(Step(name, "", own.decorators if own else (), transition, name in joins, SPAN))
    end = next(step.name for step in steps if isinstance(step.transition, End))
    return Flow("Sketch", "flow.py", "", steps[0].name, end, (), (), (), tuple(steps), SPAN)


def draft(
    text: str, settings: Settings | None = None, *decorated: Step, widths: Mapping[str, int] | None = None
) -> Draft:
    """Returns the draft of the text's flow, in which each step has a container of its own."""
    flow = sketched(text, {own.name: own for own in decorated})
    shapes = {own.name: shape(own) for own in flow.steps}
    return begun(flow, Rules(settings or Settings(), shapes, gangs(flow), widths or {}))


def shown(draft: Draft) -> str:
    """Returns a draft as text: its containers by the steps that they run, joined with `+`.

    Visits of a loop are `(a)`, a chunk is `[a]`, and a foreach that is divided says `*N at least in N containers`.
    """
    names = {}
    for name, container in draft.containers.items():
        text = "+".join(container.steps)
        names[name] = f"[{text}]" if container.is_chunk else f"({text})" if container.is_loop else text
    lines = []
    for name, step in draft.steps.items():
        marks = {Foreach: "*", Parallel: "%"}.get(type(step.transition), "")
        between = " | " if isinstance(step.transition, Switch) else ", "
        following = between.join(
            marks + ("&" if draft.steps[target].is_join else "") + names[target] for target in targets(step)
        )
        container = draft.containers[name]
        division = [f"{container.items} items"] if container.items else []
        division += [f"{container.containers} containers"] if container.containers else []
        lines.append(
            f"{names[name]}{f' > {following}' if following else ''}{f' ({chr(44).join(division)})' if division else ''}"
        )
    return "; ".join(lines)


def step(
    name: str,
    retry: tuple[int, float] | None = None,
    catch: bool = False,
    cpu: float | None = None,
    memory: float | None = None,
    image: str = "",
) -> Step:
    """Returns a step of that name with these decorators."""
    decorators = []
    if cpu is not None or memory is not None:
        asked: dict[str, Value] = {"cpu": cpu, "gpu": None, "disk": None, "memory": memory, "shared_memory": None}
        decorators.append(Decorator("resources", asked, SPAN))
    if image:
        from ..decorators.kubernetes import ATTRIBUTES

        decorators.append(Decorator("kubernetes", {**ATTRIBUTES, "image": image}, SPAN))
    if retry is not None:
        decorators.append(Decorator("retry", {"times": retry[0], "minutes_between_retries": retry[1]}, SPAN))
    if catch:
        decorators.append(Decorator("catch", {"var": None, "print_exception": True}, SPAN))
    return replace(_step(name, End()), decorators=tuple(decorators))


def _step(name: str, transition: Transition) -> Step:
    return Step(name, "", (), transition, False, SPAN)


def _transition(text: str) -> Transition:
    if "|" in text:
        return Switch("choice", tuple(Case(name.strip(), name.strip(), SPAN) for name in text.split("|")), SPAN)
    if "," in text:
        return Split(tuple(name.strip() for name in text.split(",")), SPAN)
    if text.startswith("*"):
        return Foreach(text[1:], "items", SPAN)
    return Parallel(text[1:], 2, SPAN) if text.startswith("%") else Linear(text, SPAN)


__all__ = ["draft", "scopes", "shown", "sketched", "step"]

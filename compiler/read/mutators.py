"""Mutators: the user's classes that change a flow when it is loaded.

flowc finds them by reading, and refuses them by name unless it may run them. Then a process of its own
(`runtime_shim/user_code/mutator_process.py`) imports the flow, runs them, and reports the changed flow as data, which is merged into what was read.
"""

from __future__ import annotations

from ..fast_start.record import replace
from ..fold.budget import Unfoldable
from ..ir import nodes
from ..report.diagnostics import HINT, WARNING, Diagnostic
from ..source.text import span
from .arguments import plain
from .members import own_decorators
from .own_code import Failed, ask
from .user_decorators import is_unread, kind_of, stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..ir.nodes import Span
    from ..options.compile_inputs import Given
    from .reading import Reading

ATTACHED = "with"  # the kind of input that says which decorators of `--with` the mutators have seen


def refusal(name: str, kind: str, owner: str, place: Span) -> Diagnostic:
    """FLOW140: a mutator, of the flow or of step `owner`, that may not run."""
    what = f"`@{name}` is a mutator of {'the flow' if kind == 'flow' else f'step `{owner}`'}: code of your own that changes it when it is loaded"
    how = "let mutators run when compiling, in a process of their own without network, with `--run-mutators`"
    return Diagnostic("FLOW140", what, place, "flowc reads a flow without running its code", how)


def maybe(qualified: str, owner: str, place: Span) -> Diagnostic:
    """FLOW143: what may be a mutator, of the flow or of step `owner`, and is not run. Above a step it mostly is an ordinary decorator."""
    home, _, name = qualified.rpartition(".")
    what = f"`@{name}` is from `{home}`, which flowc does not read: if it is a mutator, what it changes is missing"
    why = "only modules in the flow's folder are read, and a mutator is code that changes the flow when it is loaded"
    how = "if it is one, let it run when compiling, with `--run-mutators`; else say so with `# flowc: ignore[FLOW143]`"
    return Diagnostic("FLOW143", what, place, why, how, HINT if owner else WARNING)


def mutated(reading: Reading, given: Given, attach: Sequence[str] = ()) -> tuple[Reading, list[Diagnostic]]:
    """Returns the reading as the flow's mutators change it, if they may run; otherwise each is refused by name.

    They see the decorators that `attach` puts on every step (with_decorators.py), and what they leave of them counts. The diagnostics are FLOW140
    to FLOW143.
    """
    resolver = reading.evaluator.resolver
    problems: list[Diagnostic] = []
    names, unread = [], []
    for owner, step, node, written in own_decorators(resolver, reading.order, reading.members):
        qualified = stored(resolver, written)
        if qualified.startswith("metaflow."):
            continue  # read by `decorators_of`
        kind = kind_of(resolver, qualified)
        place = span(owner.module.source, node)
        if kind:
            names.append((qualified, place))
            if not given.run_mutators:
                problems.append(refusal(qualified.rpartition(".")[2], kind, step, place))
        elif is_unread(resolver, owner.module, qualified):
            unread.append((qualified, place))
            if not given.run_mutators:
                problems.append(maybe(qualified, step, place))
    if not (names or unread) or not given.run_mutators or not reading.is_right:
        return reading, problems
    if attach:
        from ..options.with_decorators import attached

        if attached(reading.flow, attach)[1]:
            return reading, problems  # whoever attaches them says what is wrong
    return _run(reading, names, unread, given, attach)


def _run(
    reading: Reading, names: list[tuple[str, Span]], unread: list[tuple[str, Span]], given: Given, attach: Sequence[str]
) -> tuple[Reading, list[Diagnostic]]:  # fmt: skip
    """Has the mutators run. `names` are their classes, with their places; `unread` are what may be some, too."""
    known = _known()
    place = (names or unread)[0][1]
    problems: list[Diagnostic] = []
    try:
        sources = reading.evaluator.resolver.sources
        answer = ask(sources, reading.flow, {"do": "mutate", "decorators": known, "attach": list(attach)}, given)
        there = {each.rpartition(".")[2] for each in answer["mutators"]}
        names = names + [(name, each) for name, each in unread if name.rpartition(".")[2] in there]
        if not there:
            return reading, problems
        merged, problems = _merged(reading, answer, names, known)
        attached = [nodes.Input(ATTACHED, text, "", "") for text in attach]
        files, inputs = _added(answer["files"])
        flow = replace(merged.flow, inputs=(*merged.flow.inputs, *attached, *inputs))
        return replace(merged, flow=flow, added={**merged.added, **files}), problems
    except Failed as error:
        listed = ", ".join(
            f"`@{name.rpartition('.')[2]}`" for name in dict.fromkeys(name for name, _ in names or unread)
        )
        why = "they must run to know what the flow is"
        what = f"the mutators of the flow ({listed}) failed: {error}"
        return reading, [*problems, Diagnostic("FLOW141", what, place, why, "correct them; what they printed is above")]


def _known() -> dict[str, nodes.Value]:
    """Every decorator, as `Flow.decorators_known` has it."""
    from ..decorators.decorator import names, specification

    found = [each for name in names() if (each := specification(name)) is not None]
    return {each.name: {"level": each.level, "attributes": dict(each.attributes)} for each in found}


def _added(files: dict[str, str]) -> tuple[dict[str, bytes], list[nodes.Input]]:
    """Returns the files that mutators add to the code package, and as what the compile was made from. Raises Failed."""
    from ..package.archive import Unfit, added

    try:
        return added(dict(sorted(files.items())))
    except Unfit as unfit:
        raise Failed(f"the file `{unfit.name}` that they add to the code package {unfit}") from None


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _merged(
    reading: Reading, answer: Any, names: list[tuple[str, Span]], known: dict[str, nodes.Value]
) -> tuple[Reading, list[Diagnostic]]:  # fmt: skip
    """The reading with what the mutators report, and FLOW142."""
    flow, place = reading.flow, names[0][1]
    steps = []
    problems: list[Diagnostic] = []
    for step in flow.steps:
        reported = answer["steps"].get(step.name)
        if reported is not None:
            added, kept, wrong = _decorators(reported["decorators"], step.decorators, place)
            problems += wrong
            step = replace(step, decorators=(*reversed(added), *kept))
        steps.append(step)
    added, kept, wrong = _decorators(answer["flow"], flow.decorators, place)
    parameters, impossible = _parameters(answer["parameters"], flow, place)
    problems += [*wrong, *impossible]
    classes = tuple(dict.fromkeys(name for name, _ in names))
    changed = replace(
        flow, steps=tuple(steps), decorators=(*kept, *added), parameters=parameters, mutators=classes, decorators_known=known,
        inputs=(*flow.inputs, *(nodes.Input("mutator", name, "", "") for name in classes)),
    )  # fmt: skip
    wrapped = any(each["wrappers"] for each in answer["steps"].values())
    return replace(reading, flow=changed, may_assign_anything=reading.may_assign_anything or wrapped), problems


def _decorators(
    reported: list[Any], read: tuple[nodes.Decorator, ...], place: Span
) -> tuple[list[nodes.Decorator], list[nodes.Decorator], list[Diagnostic]]:
    """The decorators that mutators added or changed, in the order in which they did, those of the source that are left, and FLOW142."""
    added, kept, problems = [], [], []
    for each in reported:
        if each["place"] >= 0:
            if each["place"] < len(read):  # else it is one of those that were wrong, which has been said
                kept.append((each["place"], read[each["place"]]))
            continue
        try:
            attributes = plain(each["attributes"])
        except Unfoldable as error:
            what = f"a mutator gives `@{each['name']}` a value that no spec can hold"
            problems.append(Diagnostic("FLOW142", what, place, str(error.args[0]), "give it another value"))
            continue
        assert isinstance(attributes, dict)
        own = next((one.span for one in read if one.name == each["name"]), place)
        added.append(nodes.Decorator(each["name"], attributes, own))
    return added, [one for _, one in sorted(kept, key=lambda pair: pair[0])], problems


def _parameters(
    reported: list[Any], flow: nodes.Flow, place: Span
) -> tuple[tuple[nodes.Parameter, ...], list[Diagnostic]]:
    """The parameters that are left and those that mutators added, and FLOW142."""
    known = {each.attribute: each for each in flow.parameters}
    kept = {each["attribute"] for each in reported if each["kept"]}
    added = [_parameter(each, place) for each in reported if not each["kept"]]
    problems = [
        Diagnostic("FLOW142", f"a mutator adds a parameter that cannot be: {each}", place, "no run could be given it", "correct it")
        for each in added if isinstance(each, str)
    ]  # fmt: skip
    left = [each for name, each in known.items() if name in kept]
    return (*left, *(each for each in added if isinstance(each, nodes.Parameter))), problems


def _parameter(reported: Any, place: Span) -> nodes.Parameter | str:
    """The parameter, or why it cannot be."""
    from .parameters import parameter_of

    return parameter_of(reported["attribute"], reported["name"], reported["options"], place)

"""The flow of containers that a target emits: as `--optimize` and the settings ask for, or as the target needs it.

Imported only then: most compiles do not optimize.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.ir.nodes import End, ForEach, Foreach, Input, Linear, Split
from flowc.compiler.ir.scopes import is_loop, walk
from flowc.compiler.optimize import optimize
from flowc.compiler.optimize.settings import CONTAINERS, NOTHING, Settings, StepSettings, needed
from flowc.compiler.report.diagnostics import HINT, WARNING, Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flowc.compiler.ir.nodes import Flow, Step
    from flowc.compiler.optimize.choose import Choice
    from flowc.compiler.optimize.containers import Container
    from flowc.compiler.optimize.optimize import Optimized
    from flowc.compiler.pipeline import Program
    from flowc.targets.target import Emitter, Options

    from .flow_profile import Past

UNASKED = 32  # the most containers of a foreach that is divided only because the target needs it


@record
class Shared:
    """A flow of containers for one target."""

    optimized: Optimized
    options: Options  # those of the target, with what its containers run
    is_asked: bool  # by `--optimize` or the settings
    needs: tuple[tuple[str, str], ...]  # step that nobody asked to optimize → why the target needs it
    choice: Choice | None = None  # what was chosen by the profile of past runs, if there is one


def shared(
    program: Program, target: Emitter, options: Options, settings: Settings | None, past: Past | None = None,
    widths: Mapping[str, int] | None = None,
) -> Shared | None:  # fmt: skip
    """Returns the flow of containers; None if every step has a container of its own.

    `settings`: None if not asked. With `past` runs, what the settings leave open is chosen by them, and by `widths`
    of foreaches and loops if the user gives some.
    """
    needs = dict(needs_of(target, program.flow, options))
    asked = settings
    rewrite = rewriter(program, target, options)
    choice = None
    if asked is not None and past is not None:
        from .choosing import chosen

        choice = chosen(rewrite, program, target, options, asked, past.profile, widths)
    wanted = choice.settings if choice is not None else asked
    settings = _for_needs(program, wanted or NOTHING, needs, UNASKED if asked is None else asked.containers)
    if settings == NOTHING:
        return None
    result = rewrite(settings)
    if asked is None and not result.containers:
        return None
    profile: tuple[Input, ...] = ()
    if choice is not None and past is not None:
        from flowc.compiler.optimize.peaks import with_peaks

        result, profile = with_peaks(result, past.profile, target.HONOURED), (past.source,)
    flow = replace(result.flow, inputs=(*result.flow.inputs, *inputs(asked, program.flow), *profile))
    result = replace(result, flow=flow)
    unasked = needs if asked is None else {}
    return Shared(
        result,
        replace(options, containers=result.containers, widths=result.widths),
        asked is not None,
        tuple((step, why) for step, why in unasked.items() if is_met(step, result)),
        choice,
    )


def rewriter(program: Program, target: Emitter, options: Options) -> Callable[[Settings], Optimized]:
    """Returns the function that makes the flow of containers for some settings."""
    packages = dict(options.packages)

    def delivered(step: Step) -> tuple[str, str]:
        from flowc.targets.shared.step_settings import image

        return options.image_of(step.name, image(step)), packages.get(step.name, "")

    return lambda settings: optimize.optimized(program.flow, settings, options.widths, target.HONOURED, delivered)


def needs_of(target: Emitter, flow: Flow, options: Options) -> Iterable[tuple[str, str]]:
    """Returns each step whose visits, or the items of whose foreach, must share containers on the target, and why."""
    ask = getattr(target, "needs_containers", None)
    return ask(flow, options) if ask is not None else ()


def is_met(step: str, result: Optimized) -> bool:
    """Returns True if the step's loop, or the items of its foreach, share containers."""
    container = holder(step, result.containers)
    return container is not None and (
        container.is_loop or len(container.steps) > 1 or bool(container.items or container.containers)
    )


def holder(step: str, containers: Iterable[tuple[str, Container]]) -> Container | None:
    """Returns the container that runs the step beside others, or None."""
    return next((container for _, container in containers if step in container.steps), None)


def _for_needs(program: Program, settings: Settings, needs: dict[str, str], most: int) -> Settings:
    steps = program.flow.by_name
    loops = [name for name in needs if is_loop(steps[name])]
    foreaches, bodies, whole = [], [], []
    for _, node, _ in walk(program.scope) if len(loops) < len(needs) else ():
        transition = steps[node.step].transition
        if node.step in needs and isinstance(transition, Foreach) and isinstance(node, ForEach):
            foreaches.append((transition.target, most or CONTAINERS))
            for _, inside, _ in walk(node.body):
                bodies.append(inside.step)
                inner = steps[inside.step].transition
                if isinstance(inner, Foreach):  # which must not stand between containers of the body
                    whole.append(inner.target)
    return needed(settings, loops, foreaches, bodies, whole)


def inputs(settings: Settings | None, flow: Flow) -> Iterator[Input]:
    """Yields what the user asked of the optimizer, for the spec's provenance: it decides bytes."""
    if settings is None:
        return
    default = Settings()
    words = [
        (name, getattr(settings, name))
        for name in ("fuse", "loops", "items", "containers", "sizes")
        if getattr(settings, name) != getattr(default, name) or name == "containers"
    ]
    names = flow.by_name
    for step, own in sorted(settings.steps):
        words += [
            (f"{step}.{name}", getattr(own, name))
            for name in StepSettings.__match_args__
            if step in names and getattr(own, name) is not None
        ]
    for name, value in words:
        yield Input("optimize", name, _text(value), "")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def decorators_inside(shared: Shared, written: Flow) -> Flow | None:
    """Returns a flow of all steps that share a container, one after the other; None if there are none.

    What a target cannot do for their decorators, it says of this flow; and it says nothing of their transitions, which
    it does not see.
    """
    inside = {name for _, container in shared.optimized.containers for name in container.steps}
    names = [step.name for step in written.steps if step.name in inside]
    if not names:
        return None
    steps = []
    for name, following in zip(names, [*names[1:], ""]):
        step = written.by_name[name]
        transition = Linear(following, step.span) if following else End()
        steps.append(replace(step, transition=transition, is_join=False))
    return replace(written, steps=tuple(steps), start=names[0], end=names[-1])


def problems(target: Emitter, shared: Shared, written: Flow) -> Iterator[Diagnostic]:
    """Yields what the target refuses: of the containers, and of the decorators of the steps inside."""
    before = decorators_inside(shared, written)
    of_steps = list(target.check(before, shared.options)) if before is not None else []
    seen = {(diagnostic.code, diagnostic.span) for diagnostic in of_steps if diagnostic.span is not None}
    yield from (diagnostic for diagnostic in of_steps if diagnostic.span is not None)  # others are about options
    for diagnostic in target.check(shared.optimized.flow, shared.options):
        if (diagnostic.code, diagnostic.span) not in seen:
            yield diagnostic
    yield from notes(target, shared, written)


def notes(target: Emitter, shared: Shared, written: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW506, a hint, for each loop or foreach that shares containers although nobody asked for it."""
    steps = written.by_name
    for name, why in shared.needs:
        step = steps[name]
        span = step.transition.span if not isinstance(step.transition, End) else step.span
        if is_loop(step):
            what = f"the visits of the loop `{name}` share one container on target `{target.NAME}`"
        else:
            what = f"the items of the foreach of step `{name}` share containers on target `{target.NAME}`"
        yield Diagnostic(
            "FLOW506",
            what,
            span,
            why,
            "nothing needs to change; `--optimize` does so wherever it saves containers",
            HINT,
        )


def misplaced(settings: Settings, flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW606 for settings of a step that have no effect on this flow."""
    names = flow.by_name
    first_of_items = {step.transition.target for step in flow.steps if isinstance(step.transition, Foreach)}
    for name, own in settings.steps:
        if name not in names:
            close = nearest(name, names, 0.8)
            if close and close not in dict(settings.steps):
                what = f"the settings of the optimizer name a step `{name}`, which flow `{flow.name}` does not have"
                yield Diagnostic(
                    "FLOW606", what, None, "they have no effect on this flow", f"did you mean `{close}`?", WARNING,
                )  # fmt: skip
            continue
        if own.branches is not None and not isinstance(names[name].transition, Split):
            yield Diagnostic(
                "FLOW606", f"the setting `branches` of step `{name}` has no effect", names[name].span,
                "the step has no branches", "give it to the step that splits, or remove it", WARNING,
            )  # fmt: skip
        about_items = [key for key in ("items", "containers", "together") if getattr(own, key) is not None]
        if about_items and name not in first_of_items:
            heads = [step for step in flow.steps if step.name == name and isinstance(step.transition, Foreach)]
            how = (
                f"write it below `[tool.flowc.optimize.steps.{heads[0].transition.target}]`"  # type: ignore[union-attr]
                if heads
                else "give it to the first step of a foreach's items, or remove it"
            )
            yield Diagnostic(
                "FLOW606", f"the setting `{about_items[0]}` of step `{name}` has no effect", names[name].span,
                "no foreach has items that begin with this step", how, WARNING,
            )  # fmt: skip

"""The estimate of a run of one compilation, before and after the optimizer."""

from __future__ import annotations

from flowc.compiler.optimize.choose import choose
from flowc.compiler.optimize.cost import Facts, Model, estimate
from flowc.compiler.optimize.optimize import optimized
from flowc.targets.shared.step_settings import image
from flowc.targets.target import about

from .estimates import Comparison

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowc.compiler.ir.nodes import Step
    from flowc.compiler.optimize.optimize import Optimized
    from flowc.compiler.optimize.profile import Profile
    from flowc.compiler.optimize.settings import Settings
    from flowc.compiler.pipeline import Program

    from .prices import Prices
    from .targeting import Compilation


def facts_of(compilation: Compilation, program: Program, profile: Profile | None, widths: Mapping[str, int]) -> Facts:
    """Returns what is known of a run: `widths` are those of the command line, which count more than any other."""
    target = compilation.target
    engine = about(target.NAME)
    start = profile.starts.get(target.NAME) if profile is not None else None
    workers = next((compilation.options.own(one.name) for one in target.OPTIONS if one.name == "max-workers"), "0")
    return Facts(
        start.p50 if start is not None else engine.START_SECONDS,
        int(workers) if workers.isdigit() else 0,
        profile,
        {**dict(program.widths), **widths},
        engine.TRANSITIONS,
        target.HONOURED,
    )


def comparison(
    compilation: Compilation,
    program: Program,
    settings: Settings,
    profile: Profile | None,
    widths: Mapping[str, int],
    prices: Prices | None,
) -> Comparison:
    """Returns the estimates of a run of the compilation's target. With a profile, the optimizer chooses by it."""
    target, options = compilation.target.NAME, compilation.options
    facts = facts_of(compilation, program, profile, widths)
    model = Model(program.flow, program.scope, facts)

    def delivered(step: Step) -> tuple[str, str]:
        return options.image_of(step.name, image(step)), repr(options.packages_of(step.name))

    def rewrite(settings: Settings) -> Optimized:
        return optimized(program.flow, settings, program.widths, compilation.target.HONOURED, delivered)

    written = estimate(model, program.flow, program.scope, {})
    chosen: tuple[str, ...] = ()
    if profile is not None:
        choice = choose(rewrite, model, program.scope, settings)
        after, chosen = choice.estimate, tuple(decision.sentence for decision in choice.decisions)
    else:
        result = rewrite(settings)
        after = estimate(model, result.flow, result.scope, result.containers_by_step)
    own_start = profile is not None and target in profile.starts
    assumed = () if own_start else (f"a container starts {facts.start:g} s after the task before it has ended",)
    return Comparison(
        target, about(target).PRODUCT, written, after, chosen, (*assumed, *model.assumed()), prices
    )  # fmt: skip

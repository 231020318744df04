"""The estimate of a run of one compilation, before and after the optimizer."""

from __future__ import annotations

from flowc.compiler.optimize.cost import Model, estimate
from flowc.targets.target import about

from .choosing import facts_of
from .estimates import Comparison
from .optimizing import needs_of, shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowc.compiler.optimize.settings import Settings
    from flowc.compiler.pipeline import Program

    from .flow_profile import Past
    from .prices import Prices
    from .targeting import Compilation


def comparison(
    compilation: Compilation,
    program: Program,
    settings: Settings,
    past: Past | None,
    widths: Mapping[str, int],
    prices: Prices | None,
) -> Comparison:
    """Returns the estimates of a run of the compilation's target; `widths` are those of the command line."""
    target, options = compilation.target, compilation.written_options
    profile = past.profile if past is not None else None
    facts = facts_of(program, target, options, profile, widths)
    model = Model(program.flow, program.scope, facts)
    written = after = estimate(model, program.flow, program.scope, {})
    result = shared(program, target, options, settings, past, widths)
    if result is not None:
        made = result.optimized
        after = estimate(model, made.flow, made.scope, made.containers_by_step)
    decisions = result.choice.decisions if result is not None and result.choice is not None else ()
    assumed = []
    if any(True for _ in needs_of(target, program.flow, options)):
        engine = about(target.NAME).ENGINE
        assumed.append(f"{engine} runs the flow as written, though there tasks share containers in any case")
    if profile is None or target.NAME not in profile.starts:
        assumed.append(f"a container starts {facts.start:g} s after the task before it has ended")
    if result is not None and (profile is None or target.NAME not in profile.inside):
        assumed.append(f"a task that shares the container of the one before it starts {facts.inside:g} s after that")
    return Comparison(
        target.NAME,
        about(target.NAME).PRODUCT,
        written,
        after,
        tuple(decision.sentence for decision in decisions),
        (*assumed, *model.assumed()),
        prices,
    )

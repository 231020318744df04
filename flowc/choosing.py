"""The choice of what shares a container on one target, by the profile of past runs."""

from __future__ import annotations

from flowc.compiler.optimize.choose import choose
from flowc.compiler.optimize.cost import INSIDE_SECONDS, Facts, Model
from flowc.targets.target import about

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flowc.compiler.optimize.choose import Choice
    from flowc.compiler.optimize.optimize import Optimized
    from flowc.compiler.optimize.profile import Profile
    from flowc.compiler.optimize.settings import Settings
    from flowc.compiler.pipeline import Program
    from flowc.targets.target import Emitter, Options


def chosen(
    rewrite: Callable[[Settings], Optimized],
    program: Program,
    target: Emitter,
    options: Options,
    settings: Settings,
    profile: Profile,
    widths: Mapping[str, int] | None = None,
) -> Choice:
    """Returns the settings, completed from the profile where they leave a choice open, and the reasons.

    `rewrite` makes the flow of containers for some settings.
    """
    model = Model(program.flow, program.scope, facts_of(program, target, options, profile, widths or {}))
    return choose(rewrite, model, program.scope, settings)


def facts_of(
    program: Program, target: Emitter, options: Options, profile: Profile | None, widths: Mapping[str, int]
) -> Facts:
    """Returns what is known of a run. `widths` count more than those of the source, and these more than past runs."""
    engine = about(target.NAME)
    start = profile.starts.get(target.NAME) if profile is not None else None
    inside = profile.inside.get(target.NAME) if profile is not None else None
    workers = next((options.own(one.name) for one in target.OPTIONS if one.name == "max-workers"), "")
    return Facts(
        start.p50 if start is not None else engine.START_SECONDS,
        int(workers) if workers.isdecimal() else 0,
        inside.p50 if inside is not None else INSIDE_SECONDS,
        profile,
        {**dict(program.widths), **widths},
        engine.TRANSITIONS,
        target.HONOURED,
    )

"""`flowc run --optimize`: the flow of containers that runs on this machine."""

from __future__ import annotations

import json

from flowc.compiler.ir.json_form import to_json
from flowc.compiler.optimize.optimize import optimized
from flowc.compiler.optimize.peaks import with_peaks
from flowc.compiler.optimize.same_container import gangs
from flowc.compiler.optimize.settings import Settings
from flowc.runtime_shim.container.arguments import Several
from flowc.runtime_shim.local.containers import Containers

from .flow_profile import past_of
from .options import Usage
from .settings import NONE, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowc.compiler.ir.nodes import Step
    from flowc.compiler.pipeline import Program
    from flowc.runtime_shim.local.other_python import Environment

    from .options import Arguments

NOT_WITH = ("--cache", "--max-num-splits", "--isolation")  # options about tasks that are not in containers


def check(program: Program, arguments: Arguments) -> None:
    """Raises Usage for options and flows that cannot run as containers here."""
    for name in NOT_WITH:
        if arguments.flag(name) or name in arguments.given:
            raise Usage(f"`--optimize` and `{name}` cannot be used together", f"leave out `{name}`, or `--optimize`")
    together = sorted(gangs(program.flow))
    if together:
        raise Usage(
            f"`--optimize` cannot run the tasks of step `{together[0]}`, which run together",
            "leave out `--optimize`: such steps always have containers of their own",
        )


def containers(
    program: Program, path: str, arguments: Arguments, environments: Mapping[str, Environment], workers: int,
    tick: float,
) -> Containers:  # fmt: skip
    """Returns the containers of the flow in the file `path`, by the project's settings of the optimizer."""
    project = NONE if arguments.flag("--isolated") else settings_for(path)
    settings = project.optimize or Settings()

    def delivered(step: Step) -> tuple[str, str]:
        return "", environments[step.name].packages if step.name in environments else ""

    result = optimized(program.flow, settings, program.widths, None, delivered)
    past, _ = past_of(path, project.options.get("profile", ""), program.flow)
    if past is not None:
        result = with_peaks(result, past.profile)
    several = {
        name: Several(container.steps, container.items, container.containers, peaks=dict(container.peaks))
        for name, container in result.containers_by_step.items()
    }
    graph = json.loads(to_json(result.flow, result.scope))
    return Containers(graph, several, environments, workers, tick)

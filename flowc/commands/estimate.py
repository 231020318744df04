"""`flowc estimate`: what a run on an orchestrator will take, before and after the optimizer."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import without_hints

from ..flow_source import load_flow, placed
from ..options import Option, Usage, one_positional
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..source_options import compile_inputs
from ..targeting import OPTIONS as TARGETING
from ..targeting import compilations, optimize_settings, package_of, parse, problems, sections
from ..terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.pipeline import Program

    from ..options import Arguments

__all__ = ["EXAMPLES", "OPTIONS", "TEXT", "USAGE", "run", "sections"]

USAGE = ("flowc estimate FLOW.py --target TARGET [OPTIONS]",)
TEXT = """
Estimates the containers of one run, what they request, and how long the run takes, before and after the optimizer. It
counts with the numbers of past runs, if `flowc profile` has written them beside the flow, and says what it assumes of
the rest. With a table of prices, it says what the run costs.
"""
OPTIONS = (
    TARGETING[0],
    Option(
        "--width", "how many items the foreach of a step has, or how many visits a loop", "STEP=N", repeated=True
    ),
    Option("--prices", "a TOML file of prices, for a core-second and others", "FILE"),
    Option("--json", "print {flow, targets: {TARGET: {written, optimized, chosen, assumed}}}"),
    *TARGETING[1:],
    *SOURCE_OPTIONS,
)  # fmt: skip
EXAMPLES = (
    ("flowc estimate FLOW.py -t argo", "with FLOW.profile.json, if it exists"),
    ("flowc estimate FLOW.py -t step-functions --width start=10000 --prices prices.toml", "of a wider run, with money"),
)


def run(argv: list[str], out: Output) -> int:
    from flowc.compiler.optimize.settings import Settings

    from ..estimates import data, lines
    from ..flow_profile import past_of
    from ..prices import read_prices
    from ..run_estimate import comparison

    arguments, emitters = parse(argv, OPTIONS)
    path = one_positional(arguments, "the flow's file")
    if not emitters:
        from flowc.targets.target import names

        raise Usage("`--target` is missing", "the targets are " + ", ".join(names()))
    program = load_flow(
        path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), compile_inputs(arguments)
    )
    past, warnings = past_of(path, arguments.text("--profile"), program.flow)
    out.report(*placed(program, path, without_hints((*program.diagnostics, *warnings))))
    settings = optimize_settings(arguments, path) or Settings()
    widths, prices = _widths(arguments, program), arguments.text("--prices")
    compiled = compilations(program, emitters, arguments, package_of(program).digest, path)
    problems(program, path, compiled, arguments)  # a flow that the target refuses has no runs to estimate
    comparisons = [
        comparison(
            one, program, settings, past, widths, read_prices(prices, one.target.NAME) if prices else None
        )
        for one in compiled
    ]  # fmt: skip
    if arguments.flag("--json"):
        import json

        numbers = {one.target: data(one) for one in comparisons}
        text = json.dumps({"flow": program.flow.name, "targets": numbers}, indent=2, ensure_ascii=False)
        out.verbatim((text + "\n").encode())
    else:
        out.print("\n\n".join("\n".join(lines(one, program.flow.name)) for one in comparisons))
    return 0


def _widths(arguments: Arguments, program: Program) -> dict[str, int]:
    """Returns the values of `--width`. Raises Usage for a step that has no foreach and is no loop."""
    from flowc.compiler.ir.nodes import Foreach, Parallel
    from flowc.compiler.ir.scopes import is_loop

    steps = [
        step.name for step in program.flow.steps if isinstance(step.transition, (Foreach, Parallel)) or is_loop(step)
    ]
    widths = {}
    for text in arguments.all("--width"):
        step, _, number = text.partition("=")
        if not number.isdecimal() or not number.isascii():
            raise Usage(f"the value of `--width` must be STEP=N, with a whole number N, not `{text}`")
        if step not in steps:
            choices = ", ".join(f"`{name}`" for name in steps)
            hint = f"the steps that have one are {choices}" if steps else "the flow has none"
            raise Usage(f"`--width {text}` names a step without a foreach or a loop", hint)
        widths[step] = int(number)
    return widths

"""FLOW402 (warning): a read of an artifact that is not set when a switch takes one of its cases.

Every case of the switch leads to the step, but only some assign `self.NAME` on the way. When the switch takes one
that does not, reading the artifact raises AttributeError.

Example:

    @step
    def start(self):
        self.kind = "a" if self.has_data() else "b"
        self.next({"a": self.train, "b": self.skip}, condition="kind")

    def has_data(self):
        return os.path.exists("data.csv")

    @step
    def train(self):
        self.model = "trained"
        self.next(self.end)

    @step
    def skip(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.model)

Use instead:

    @step
    def start(self):
        self.kind = "a" if self.has_data() else "b"
        self.next({"a": self.train, "b": self.skip}, condition="kind")

    def has_data(self):
        return os.path.exists("data.csv")

    @step
    def train(self):
        self.model = "trained"
        self.next(self.end)

    @step
    def skip(self):
        self.model = None
        self.next(self.end)

    @step
    def end(self):
        print(self.model)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.switch_values import switch_values
from flowc.compiler.decorators.decorator import record_of
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import WARNING, Diagnostic


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    if not dataflow.sound or dataflow.unknown:
        return
    switches = [step for step in analysis.flow.steps if isinstance(step.transition, nodes.Switch)]
    if not switches:
        return
    values = {step.name: values for step, values in switch_values(analysis)}
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if not here.in_every_run or here.foreign or here.before.unknown or here.branches:
            continue
        seen: set[str] = set()
        for read in here.effects.reads:
            suspect = (
                read.name in here.before.may and read.name not in here.before.must and read.name not in dataflow.fixed
            )
            if not suspect or not read.certain or read.guarded or read.assigned or read.unknown or read.name in seen:
                continue
            seen.add(read.name)
            for switch in switches:
                case = _without(analysis, switch, values.get(switch.name), step.name, read.name)
                if case is not None:
                    what = (
                        f"step `{step.name}` reads `self.{read.name}`, which is not set when step `{switch.name}` "
                        f"goes to `{case}`"
                    )
                    why = f"no step from `{case}` to here assigns it"
                    yield Diagnostic(
                        "FLOW402",
                        what,
                        read.place.span,
                        why,
                        f"assign it in `{case}` too, or before the switch",
                        WARNING,
                    )
                    break


def _without(
    analysis: Analysis, switch: nodes.Step, values: Sequence[object] | None, step: str, name: str
) -> str | None:
    """Returns the case of the switch from which every path reaches the step with the artifact unset, or None.

    `values` are the values that the switch may choose by, if they are known.
    """
    assert isinstance(switch.transition, nodes.Switch)
    dataflow = analysis.dataflow
    after = dataflow.steps[switch.name].after
    if name in after.may or after.unknown or switch.name == step:
        return None
    of = analysis.flow.by_name
    possible = (
        case.target
        for case in switch.transition.cases
        if values is None or any(value == case.value for value in values)
    )
    for case in dict.fromkeys(possible):
        having: dict[str, bool] = {}  # step → True if some path from the case to it sets the artifact
        waiting = [] if case == switch.name else [(case, False)]
        while waiting:
            current, has = waiting.pop()
            if having.get(current) in (True, has):
                continue
            having[current] = has
            facts = dataflow.steps[current]
            has = (
                has
                or bool(facts.branches)
                or facts.foreign
                or name in facts.effects.ever
                or facts.effects.unknown_writes
                or _caught(of[current], name)
            )
            waiting += [(target, has) for target in targets(of[current]) if current != step]
        if having.get(step) is False:
            return case
    return None


def _caught(step: nodes.Step, name: str) -> bool:
    return any(decorator.name == "catch" and record_of(decorator).artifact == name for decorator in step.decorators)

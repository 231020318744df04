"""The checks on artifacts, one rule per file.

They are found without a list, and each is imported only for flows that it concerns.

A check has the form that `checks/__init__.py` describes. Most checks concern few flows, and importing a file costs
more than finding that out. So `_WORTH` holds the condition under which a check can find anything; a check without an
entry always runs.
"""

from __future__ import annotations

from flowc.compiler.ir import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from flowc.compiler.dataflow.analysis import Analysis
    from flowc.compiler.dataflow.assigned import Dataflow
    from flowc.compiler.dataflow.effects.records import Definition
    from flowc.compiler.report.diagnostics import Diagnostic

ASKED_FOR = {"never_read": "FLOW430"}  # checks that run only if the project's settings give their code a severity


def check(analysis: Analysis, asked_for: Container[str]) -> Iterator[Diagnostic]:
    """Runs the checks that may find something. `asked_for` are the codes that the settings give a severity."""
    import os
    from importlib import import_module

    for name in sorted(
        name[:-3] for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".py") and not name.startswith("_")
    ):
        worth = _WORTH.get(name)
        if (name not in ASKED_FOR or ASKED_FOR[name] in asked_for) and (worth is None or worth(analysis)):
            yield from import_module(f"{__name__}.{name}").check(analysis)


# ── the conditions under which a check can find anything ─────────────────────────────────────────────────────────────


def _reads_what_may_be_missing(analysis: Analysis) -> bool:
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if any(read.name not in here.before.must and read.name not in dataflow.fixed for read in here.effects.reads):
            return True
        name = getattr(step.transition, "over", None) or getattr(step.transition, "on", None)
        if name is not None and name not in here.after.must and name not in dataflow.fixed:
            return True
    return False


def _asks_inputs_for_what_may_be_missing(analysis: Analysis) -> bool:
    dataflow = analysis.dataflow
    for here in dataflow.steps.values():
        if here.branches and here.effects.inputs:
            arrivals = here.arrivals.values()
            if any(
                read.name not in dataflow.fixed and not all(read.name in arrival.must for arrival in arrivals)
                for read in here.effects.inputs
            ):
                return True
    return False


def _writes_what_is_fixed(in_place: bool) -> Callable[[Analysis], bool]:
    def worth(analysis: Analysis) -> bool:
        dataflow = analysis.dataflow
        return any(
            write.in_place is in_place and write.name in dataflow.fixed
            for here in dataflow.steps.values()
            for write in here.effects.writes
        )

    return worth


def _holds_a_function(analysis: Analysis) -> bool:
    dataflow = analysis.dataflow
    return any(map(dataflow.is_function, _held(dataflow)))


# Last parts of the names of calls that make unsaveable values, by `kinds.UNSAVED`; a test checks that none is missing.
UNSAVED_NAMES = frozenset(
    (
        "open popen fdopen TemporaryFile NamedTemporaryFile ZipFile Lock RLock Condition Semaphore BoundedSemaphore "
        "Event Barrier Thread "
        "Timer Process Popen Pool Manager ThreadPoolExecutor ProcessPoolExecutor Queue SimpleQueue LifoQueue "
        "PriorityQueue socket "
        "create_connection connect client resource reader writer DictReader DictWriter local ref ContextVar "
        "create_default_context "
        "memoryview mmap scandir new_event_loop ArgumentParser keys values items"
    ).split()
)


def _holds_what_may_not_be_saved(analysis: Analysis) -> bool:
    functions = analysis.dataflow.functions
    for definition in _held(analysis.dataflow):
        if definition is None:
            continue
        kind = definition.node.kind()
        if kind in ("generator_expression", "identifier", "parenthesized_expression", "conditional_expression"):
            return True
        if kind == "call" and (function := definition.node.field("function")) is not None:
            name = function.text()
            if name.rpartition(".")[2] in UNSAVED_NAMES or functions.is_followed(definition.module, name):
                return True
    return False


def _goes_over(*kinds: str) -> Callable[[Analysis], bool]:
    """Returns True if a foreach may iterate over a value that such nodes make; a call may make anything."""

    def worth(analysis: Analysis) -> bool:
        dataflow = analysis.dataflow
        for step in analysis.flow.steps:
            if isinstance(step.transition, nodes.Foreach) and step.transition.over is not None:
                held = dataflow.steps[step.name].after.definitions.get(step.transition.over, ())
                if any(
                    definition is not None
                    and (definition.node.kind() in kinds or _is_call_of_interest(definition.node.text()))
                    for definition in held
                ):
                    return True
        return False

    return worth


def _is_call_of_interest(text: str) -> bool:
    return text.endswith(")") and (
        not text.startswith(("list(", "range(", "sorted(", "[")) or text in ("list()", "range(0)")
    )


def _held(dataflow: Dataflow) -> Iterator[Definition | None]:
    return (
        definition
        for here in dataflow.steps.values()
        for held in here.effects.definitions.values()
        for definition in held
    )


def _some(events: str) -> Callable[[Analysis], bool]:
    return lambda analysis: any(getattr(here.effects, events) for here in analysis.dataflow.steps.values())


def _has_switch(analysis: Analysis) -> bool:
    return any(isinstance(step.transition, nodes.Switch) for step in analysis.flow.steps)


_SIMPLE = ("parenthesized_expression", "conditional_expression")
_WORTH: dict[str, Callable[[Analysis], bool]] = {
    "change_is_lost": _writes_what_is_fixed(in_place=True),
    "delete": _some("deletes"),
    "dropped": _reads_what_may_be_missing,
    "foreach_dict": _goes_over("dictionary", "dictionary_comprehension", *_SIMPLE),
    "foreach_empty": _goes_over("list", "tuple", "set", "dictionary", "string"),
    "foreach_iterator": _goes_over("generator_expression", *_SIMPLE),
    "foreach_set": _goes_over("set", "set_comprehension", "binary_operator", *_SIMPLE),
    "function_is_lost": _holds_a_function,
    "merge_conflict": _some("merges"),
    "merge_include": _some("merges"),
    "merge_use": _some("merges"),
    "no_input": lambda analysis: any(
        not step.overs and "input" in step.effects.mentions for step in analysis.dataflow.steps.values()
    ),
    "own_init_wins": lambda analysis: bool(analysis.dataflow.initial),
    "perhaps_unset": lambda analysis: _has_switch(analysis) and _reads_what_may_be_missing(analysis),
    "read_only": _writes_what_is_fixed(in_place=False),
    "stores_flow": _some("flow_objects"),
    "switch_case": _has_switch,
    "switch_value": _has_switch,
    "unknown_branch": _some("branches"),
    "unsaved": _holds_what_may_not_be_saved,
    "unset": _reads_what_may_be_missing,
    "unset_input": _asks_inputs_for_what_may_be_missing,
}

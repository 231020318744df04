"""FLOW220: an `__init__` of the flow's own that Metaflow or flowc cannot run the flow with.

Metaflow makes a flow object in each task, and `FlowSpec.__init__` runs the task, so the flow's own `__init__` must
call it. Metaflow makes more flow objects with `use_cli=False`: one for each of a join's `inputs`, and one for a flow
with mutators. flowc does the same. It passes no other arguments, and does not run the code under `if __name__ ==
"__main__":`.

Example:

    def __init__(self, use_cli=True):
        self.database = "prod"

    @step
    def start(self):
        self.next(self.end)

Use instead:

    def __init__(self, use_cli=True):
        self.database = "prod"
        super().__init__(use_cli)

    @step
    def start(self):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.compiler.source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    member = analysis.dataflow.functions.members.get("__init__")
    if member is None or member.node.kind() != "function_definition":
        return
    name = analysis.flow.name
    if ".__init__" not in member.node.text():
        what = f"`__init__` of {member.owner.name} does not call `super().__init__`"
        why = "this call starts the flow: without it, Metaflow would run nothing"
        yield Diagnostic(
            "FLOW220",
            what,
            span(member.owner.module.source, member.node),
            why,
            "end `__init__` with `super().__init__(use_cli)`",
        )
        return
    positional, required, is_open = _parameters(member.node)
    place = span(member.owner.module.source, member.node)
    if required:
        what = f"`__init__` of {member.owner.name} needs the argument `{required[0]}`"
        yield Diagnostic(
            "FLOW220",
            what,
            place,
            "each task makes the flow object without arguments",
            "give it a default, or make it a `Parameter` of the flow",
        )
    joins = [step.name for step in analysis.flow.steps if step.is_join]
    if joins and not is_open and "use_cli" not in positional:
        what = f"`__init__` of {member.owner.name} does not take `use_cli`"
        why = f"the join `{joins[0]}` would fail: each of its inputs is a flow object made with `use_cli=False`"
        yield Diagnostic(
            "FLOW220",
            what,
            place,
            why,
            "write `def __init__(self, use_cli=True):` and pass it on: `super().__init__(use_cli)`",
        )
    source = analysis.dataflow.functions.order[0].module.source
    for call in _started_with_arguments(source.root, name, positional):
        what = f"{name} is started with extra arguments: `{call.text()[:60]}`"
        why = "each task makes the flow object without them, so `__init__` would get its defaults"
        yield Diagnostic(
            "FLOW220",
            what,
            span(source, call),
            why,
            f"write `{name}()`, and make them parameters of the flow or read environment variables",
        )


def _parameters(node: SgNode) -> tuple[list[str], list[str], bool]:
    """Returns the parameters after `self`, those without a default, and True if there is a `**` parameter."""
    parameters = node.field("parameters")
    names: list[str] = []
    required: list[str] = []
    is_open = False
    for parameter in parameters.named_children() if parameters is not None else []:
        kind = parameter.kind()
        if kind == "dictionary_splat_pattern" or (kind == "typed_parameter" and parameter.text().startswith("**")):
            is_open = True
        elif kind in ("identifier", "typed_parameter") and not parameter.text().startswith("*"):
            name = parameter.text().partition(":")[0].strip()
            names.append(name)
            required.append(name)
        elif (name_node := parameter.field("name")) is not None:
            names.append(name_node.text())
    return names[1:], required[1:], is_open


def _started_with_arguments(root: SgNode, name: str, parameters: list[str]) -> Iterator[SgNode]:
    """Yields the calls of the class under `if __name__ …` with arguments other than `use_cli=True`."""
    for statement in root.named_children():
        if statement.kind() != "if_statement" or "__name__" not in statement.text().partition("\n")[0]:
            continue
        for call in statement.find_all(kind="call"):
            function, arguments = call.field("function"), call.field("arguments")
            if function is None or function.text() != name or arguments is None:
                continue
            texts = [child.text().replace(" ", "") for child in arguments.named_children() if child.kind() != "comment"]
            if texts not in ([], ["use_cli=True"]) and not (texts == ["True"] and parameters[:1] == ["use_cli"]):
                yield call

"""The page of a flow, for reviews: its graph, and each step with its docs, source, artifacts and diagnostics.

It is one HTML file, and the same for the same source. Everything but the graph can be read without scripts.
"""

from __future__ import annotations

import ast
import json

from flowc.compiler.ir.scopes import in_order
from flowc.runtime_shim.cards.view.page import document

from .. import source_form
from .built import built
from .run_page import data_element, plain, policy_of, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowc.compiler.ir.nodes import Flow, Scope, Step
    from flowc.compiler.pipeline import Program
    from flowc.compiler.report.diagnostics import Diagnostic


_SYMBOLS = {"error": "✗", "warning": "!", "hint": "i"}


def html_of(program: Program, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> str:
    """Returns the page of the program's flow.

    `diagnostics` are those of the compiler and of every target, `sources` the texts of the files that they name.
    """
    flow = program.flow
    script = built("page.js")
    steps = flow.by_name
    body = (
        f'<main>\n<h1>{plain(flow.name)} <span class="faint">{plain(flow.file)}</span></h1>\n'
        f'<p class="doc">{plain(flow.doc)}</p>\n<h2>Graph</h2>\n<div id="graph"></div>\n'
        f"{_parameters(flow)}{_configs(flow)}{_flow_decorators(flow)}{_diagnostics(diagnostics, sources)}"
        f"{''.join(_step(steps[node.step], program) for node, _ in in_order(program.scope))}</main>\n"
        f"{data_element(_graph(flow, program.scope))}\n<script>{script}</script>"
    )
    return document(visible(flow.name), policy_of(script), body, style=built("page.css"))


def _graph(flow: Flow, scope: Scope) -> dict[str, object]:
    """Returns the flow in the form of a run's data in which nothing has run."""
    from flowc.compiler.ir.json_form import to_json
    from flowc.runtime_shim.contract.graph import Graph

    from .run_data import step_of

    graph = Graph(json.loads(to_json(flow, scope)))
    return {
        "run": {"flow": flow.name, "run": "", "status": "", "tags": [], "parameters": {}},
        "steps": [step_of(graph, step) for step in graph.flow["steps"]],
        "tasks": {
            "t0": 0, "step": [], "path": [], "states": [], "state": "", "begin": [], "duration": [], "attempts": [],
            "value": [],
        },
        "failures": {}, "artifacts": {"kinds": [], "of": {}}, "logs": {}, "cards": {}, "left_out": [],
    }  # fmt: skip


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table of texts; the first column holds the rows' names."""
    head = "".join(f'<th scope="col">{plain(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{plain(name)}</th>{"".join(f"<td>{plain(text)}</td>" for text in cells)}</tr>'
        for name, *cells in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n'


def _parameters(flow: Flow) -> str:
    if not flow.parameters:
        return ""
    rows = [
        (
            parameter.name,
            source_form.parameter_type(parameter),
            source_form.parameter_default(parameter),
            parameter.help,
        )
        for parameter in flow.parameters
    ]
    return "<h2>Parameters</h2>\n" + _table(("name", "type", "default", "what it is"), rows)


def _configs(flow: Flow) -> str:
    if not flow.configs:
        return ""
    origins = {source.name: source.value for source in flow.inputs if source.kind == "config"}
    rows = [(config.name, origins.get(config.name, ""), source_form.value(config.value)) for config in flow.configs]
    return "<h2>Configs</h2>\n" + _table(("name", "from", "value"), rows)


def _flow_decorators(flow: Flow) -> str:
    shown = " ".join(f"<code>{plain(source_form.decorator(applied))}</code>" for applied in flow.decorators)
    return f"<h2>Decorators of the flow</h2>\n<p>{shown}</p>\n" if shown else ""


def _diagnostics(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> str:
    if not diagnostics:
        return "<h2>Diagnostics</h2>\n<p>None, on any target.</p>\n"
    items = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        place = f"{span.file}:{span.line}:{span.column}" if span else ""
        lines = sources.get(span.file, "").splitlines() if span else []
        line = lines[span.line - 1] if span and 0 < span.line <= len(lines) else ""
        items.append(
            f'<li class="severity-{plain(diagnostic.severity)}"><strong>{_SYMBOLS[diagnostic.severity]} '
            f"{plain(diagnostic.severity)} {plain(diagnostic.code)}</strong> {plain(diagnostic.what)} "
            f'<span class="faint">{plain(place)}</span>'
            + (f"<pre>{plain(line)}</pre>" if line.strip() else "")
            + f"<p>{plain(diagnostic.why)}</p><p>{plain(diagnostic.how)}</p></li>"
        )
    return f'<h2>Diagnostics</h2>\n<ul class="diagnostics">{"".join(items)}</ul>\n'


def _step(step: Step, program: Program) -> str:
    decorators = " ".join(f"<code>{plain(source_form.decorator(applied))}</code>" for applied in step.decorators)
    facts = [
        ("decorators", decorators),
        ("next", plain(source_form.transition(step))),
        ("reads", "not known" if step.reads is None else _names(step.reads)),
        ("assigns", _assigned(step, program)),
    ]
    shown = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in facts if text)
    source = _source(step, program)
    return (
        f'<section id="step-{plain(step.name)}"><h2>{plain(step.name)}</h2>\n<p class="doc">{plain(step.doc)}</p>\n'
        f'<dl class="facts">{shown}</dl>\n'
        + (f"<details><summary>source</summary><pre>{plain(source)}</pre></details>\n" if source else "")
        + "</section>\n"
    )


def _assigned(step: Step, program: Program) -> str:
    """Returns the artifacts that the step's code visibly assigns."""
    if program.dataflow is None or step.name not in program.dataflow.steps:
        return "not known"
    effects = program.dataflow.steps[step.name].effects
    names = _names(sorted(effects.ever))
    if effects.unknown_writes:
        return f"{names}, and what cannot be followed" if names else "not known"
    return names


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{plain(name)}</code>" for name in names)


def _source(step: Step, program: Program) -> str:
    """Returns the step's method with its decorators, as it is written; "" where the file cannot be parsed."""
    text = program.sources.get(step.span.file, "")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == step.name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= step.span.line <= (node.end_lineno or first):
                lines = text.splitlines()[first - 1 : node.end_lineno]
                margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
                return "\n".join(line[margin:] for line in lines)
    return ""

"""`flowc show`: prints a flow's graph, as text or a picture for people or as the IR in JSON for programs."""

from __future__ import annotations

from flowc.compiler.ir.scopes import in_order
from flowc.compiler.report.diagnostics import printable, without_hints

from ..flow_source import FLOW, ISOLATED, WITH, load_flow, placed
from ..options import Option, Usage, one_positional, parse
from ..pictures import PICTURES, picture
from ..pictures.drawing import drawing
from ..source_form import decorator, parameter_default, parameter_type, transition, value
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..source_options import compile_inputs
from ..terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowc.compiler.ir.nodes import Flow, Parameter, Scope, Step
    from flowc.compiler.pipeline import Program
    from flowc.compiler.report.diagnostics import Diagnostic
    from flowc.targets.target import Emitter

    from ..options import Arguments

USAGE = ("flowc show FLOW.py [OPTIONS]",)
TEXT = """
Prints the flow's parameters, and its steps in an order in which they can run, each with its transition. The steps of a
branch or of a foreach's body are indented below the step that opens it. In a picture, branches and bodies are boxes.
The page for reviews has the graph, each step's docs, source and artifacts, and the diagnostics of every target. With
`--target`, it prints which steps share a container there, and why others do not; in a picture, each box is a container.
"""
OPTIONS = (
    Option(
        "--format",
        "text; the IR as JSON, which `flowc compile` accepts in place of the source; a page for reviews; or a picture",
        "FORMAT", default="text", choices=("text", "json", "html", *PICTURES),
    ),
    Option("--json", "the same as `--format json`"),
    Option(
        "--target", "show what shares a container there; several with commas or by repeating the option", "TARGET",
        "-t", repeated=True,
    ),
    Option("--optimize", "show what `flowc compile --optimize` puts into one container, and why"),
    ISOLATED,
    FLOW,
    WITH,
    *SOURCE_OPTIONS,
)  # fmt: skip
EXAMPLES = (
    ("flowc show FLOW.py", "the flow's shape at a glance"),
    ("flowc show FLOW.py --format svg > flow.svg", "a picture; needs `pip install 'flowc[pictures]'`"),
    ("flowc show FLOW.py --format mermaid", "a diagram for Markdown, which GitHub and others draw"),
    (
        "flowc show FLOW.py --format html > flow.html",
        "a page for a review: steps, sources, diagnostics of every target",
    ),
    ("flowc show FLOW.py --format json > flow.json", "for other tools"),
    ("flowc show FLOW.py -t argo --optimize", "which steps would share a container, and why others do not"),
)


def run(argv: list[str], out: Output) -> int:
    arguments, emitters = _parsed(argv)
    path = one_positional(arguments, "the flow's file")
    program = load_flow(
        path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), compile_inputs(arguments)
    )
    out.report(*placed(program, path, without_hints(program.diagnostics)))
    form = "json" if arguments.flag("--json") else arguments.text("--format", "text")
    if emitters and form != "html":
        _show_containers(program, path, emitters, arguments, form, out)
    elif form == "json":
        from flowc.compiler.ir.json_form import to_json

        out.verbatim(to_json(program.flow, program.scope).encode())
    elif form == "html":
        from ..pages.flow_page import html_of

        diagnostics, sources = _on_every_target(program, path)
        out.verbatim(html_of(program, diagnostics, sources).encode())
    elif form in PICTURES:
        out.verbatim(picture(form)(drawing(program.flow, program.scope)).encode())
    else:
        out.print("\n\n".join(_paragraphs(program.flow, program.scope)))
    return 0


def _parsed(argv: list[str]) -> tuple[Arguments, tuple[Emitter, ...]]:
    """Returns the arguments, and the targets whose containers are asked for."""
    if not any(word.startswith(("--target", "-t", "--optimize")) for word in argv):
        return parse(argv, OPTIONS), ()
    from .. import targeting

    arguments, emitters = targeting.parse(argv, OPTIONS)
    if not emitters:
        from flowc.targets.target import names

        raise Usage("what shares a container depends on the target", "give `--target`: " + ", ".join(names()))
    return arguments, emitters


def _show_containers(
    program: Program, path: str, emitters: tuple[Emitter, ...], arguments: Arguments, form: str, out: Output
) -> None:  # fmt: skip
    """Shows what shares a container on each target, in place of the graph that the author wrote."""
    from .. import container_report, targeting

    compiled = targeting.compilations(program, emitters, arguments, targeting.package_of(program).digest, path)
    by_target = {compilation.target.NAME: compilation.shared for compilation in compiled}
    if form == "json":
        from flowc.compiler.ir.json_form import dumps

        data = {name: container_report.data(shared, program.flow) for name, shared in by_target.items()}
        out.verbatim(dumps({"version": 1, "flow": program.flow.name, "targets": data}).encode())
    elif form in PICTURES:
        if len(compiled) > 1:
            raise Usage("a picture shows the containers of one target", "give one `--target`")
        ((_, shared),) = by_target.items()
        picture_of = drawing(compiled[0].flow, compiled[0].scope)
        out.verbatim(
            picture(form)(picture_of if shared is None else container_report.drawn(picture_of, shared)).encode()
        )
    else:
        parts = [*_paragraphs(program.flow, program.scope)]
        for name, shared in by_target.items():
            parts += container_report.paragraphs(shared, program.flow, name)
        out.print("\n\n".join(parts))


def _on_every_target(program: Program, path: str) -> tuple[list[Diagnostic], dict[str, str]]:
    """Returns what the compiler and every target report, and the sources that they name."""
    from flowc.targets import target

    from .. import targeting
    from . import check

    words = [path, *(word for name in target.names() for word in ("--target", name))]
    options, emitters = targeting.parse(words, check.OPTIONS, path)
    compilations = targeting.compilations(program, emitters, options, targeting.package_of(program).digest, path)
    diagnostics = targeting.problems(program, path, compilations, options)
    # whoever reviews the flow need not know its datastore yet
    kept = [diagnostic for diagnostic in diagnostics if diagnostic.code != "FLOW601"]
    shown, sources = placed(program, path, kept)
    return list(shown), sources


def _paragraphs(flow: Flow, scope: Scope) -> Iterator[str]:
    head = f"{flow.name}  ({printable(flow.file)})"
    yield "\n".join([head, *(f"  {printable(line)}" for line in flow.doc.split("\n\n")[0].split("\n") if line)])
    if flow.parameters:
        yield "\n".join(["parameters", *_columns([_parameter(parameter) for parameter in flow.parameters])])
    if flow.constants:
        yield "\n".join(["constants", *(f"  {constant.name}" for constant in flow.constants)])
    if flow.configs:
        origins = {source.name: source.value for source in flow.inputs if source.kind == "config"}
        yield "\n".join(
            [
                "configs",
                *_columns(
                    [(config.name, value(config.value), origins.get(config.name, "")) for config in flow.configs]
                ),
            ]
        )
    if flow.decorators:
        yield "\n".join(["decorators", *(f"  {decorator(applied)}" for applied in flow.decorators)])
    steps = flow.by_name
    rows = [
        ("  " * depth + node.step, transition(steps[node.step]), _notes(steps[node.step]))
        for node, depth in in_order(scope)
    ]
    yield "\n".join(["steps", *_columns(rows)])


def _parameter(parameter: Parameter) -> tuple[str, str, str]:
    kind, default = parameter_type(parameter), parameter_default(parameter)
    return (
        f"--{parameter.name}",
        f"{kind} = {default}" if parameter.has_default else f"{kind}, {default}",
        printable(parameter.help),
    )


def _notes(step: Step) -> str:
    return "  ".join([*(["join"] if step.is_join else []), *(decorator(applied) for applied in step.decorators)])


def _columns(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Returns lines of three columns. A long cell in the second column moves the third of its own row only."""
    table = list(rows)
    first = max(len(row[0]) for row in table) + 2
    second = min(max(len(row[1]) for row in table), 44) + 2
    return [f"  {a:<{first}}{b:<{second - 2}}  {c}".rstrip() for a, b, c in table]

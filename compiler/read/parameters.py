"""`Parameter(name, default=…, type=…, required=…, help=…, separator=…)` (Metaflow's documentation, Parameter)."""

from __future__ import annotations

from ..fold.budget import Reported, Unfoldable
from ..fold.values import Library
from ..ir import nodes
from ..report.diagnostics import WARNING, Diagnostic
from ..source.text import span
from .arguments import bind, folded, help_text, or_set, plain, values
from .function_values import called, function_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from .members import Member

POSITIONAL = ("name", "default", "type", "help", "required", "show_default")
ARGUMENTS = (*POSITIONAL, "separator")
_TYPES = {"str": "str", "int": "int", "float": "float", "bool": "bool", "metaflow.JSONType": "json", "list": "json", "dict": "json", "object": "json"}
_KINDS: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (float,), "str": (str,), "json": (str, list, dict)}


def read_parameter(evaluator: Evaluator, member: Member, problems: list[Diagnostic], flow_name: str = "") -> nodes.Parameter | None:
    """Returns the parameter, or None after adding why it cannot be read. `flow_name` is what a function as default learns of the flow."""
    source = member.owner.module.source
    place = span(source, member.outer)
    before = len(problems)
    unpacked: dict[str, nodes.Value] = {}
    given = bind(member.owner, member.node, POSITIONAL, ARGUMENTS, "Parameter", problems, (evaluator, unpacked))
    kind = _type(evaluator, member, given.pop("type", None), problems)
    default_node, help_node = given.pop("default", None), given.pop("help", None)
    found = {**unpacked, **values(evaluator, member.owner, given, "Parameter", problems)}
    context = {"flow_name": flow_name, "parameter_name": found.get("name")}
    default, computed = _default(evaluator, member, default_node, context, kind, problems)
    if default_node is None:
        default = unpacked.get("default")
    if any(each.severity != WARNING for each in problems[before:]):
        return None
    name = found.get("name")
    if not isinstance(name, str):
        problems.append(nameless(member, "Parameter"))
        return None
    kind = kind or ("str" if computed else _type_of(default, name, place, problems))
    value, wrong = _converted(default, kind)
    if wrong:
        what = f"the default of parameter `{name}` is not of type `{kind}`"
        where = span(source, default_node) if default_node is not None else place
        problems.append(Diagnostic("FLOW304", what, where, wrong, f"give a value of type `{kind}`, or another `type`"))
        return None
    separator = found.get("separator")
    if separator and kind != "str":
        problems.append(
            Diagnostic("FLOW305", f"parameter `{name}` of type `{kind}` has a separator", place, "only text can be split", "leave `separator` out")
        )
        return None
    has_default = default is not None
    described = help_text(evaluator, member.owner, help_node, name, problems) or str(found.get("help") or "")
    return nodes.Parameter(
        member.name, name, kind, value, has_default, bool(found.get("required")) and not has_default and not computed, described,
        str(separator or ""), place, found.get("show_default") is not False, computed,
    )  # fmt: skip


def nameless(member: Member, what: str) -> Diagnostic:
    """FLOW301: a parameter without a name."""
    why = "the name is how it is given when a run is started"
    place = span(member.owner.module.source, member.outer)
    return Diagnostic("FLOW301", f"parameter `{member.name}` has no name", place, why, f"write `{what}('{member.name}', …)`")


def parameter_of(attribute: str, name: str, options: dict[str, Any], place: nodes.Span) -> nodes.Parameter | str:
    """Returns the parameter that a mutator made with the arguments `options`, or why it cannot be. Its `type` is a name of the IR, if it is given."""
    default, kind = options.get("default"), options.get("type")
    if kind is None:
        kind = "json" if isinstance(default, (list, dict)) else _type_of(default, name, place, [])
    if kind not in ("str", "int", "float", "bool", "json"):
        return f"`{kind}` is not a type of parameters"
    value, wrong = _converted(default, kind)
    if wrong:
        return f"the default of `{name}` is not of type `{kind}`: {wrong}"
    separator = options.get("separator") or ""
    if separator and kind != "str":
        return f"`{name}` of type `{kind}` has a separator"
    required = bool(options.get("required")) and default is None
    return nodes.Parameter(attribute, name, kind, value, default is not None, required, str(options.get("help") or ""), str(separator), place)


def _type(evaluator: Evaluator, member: Member, node: SgNode | None, problems: list[Diagnostic]) -> str:
    """The type's name in the IR, "" if none is given."""
    if node is None or node.text() == "None":
        return ""
    found = (
        _TYPES.get(evaluator.resolver.qualify(member.owner.module, node.text()).removeprefix("builtins."))
        if node.kind() in ("identifier", "attribute")
        else None
    )
    if found is None:
        try:
            kind = folded(evaluator, member.owner, node)
            found = _TYPES.get(kind.name) if isinstance(kind, Library) else None
        except Unfoldable:
            pass
    if found is None:
        what = f"`{node.text()[:60]}` is not a type of parameters"
        problems.append(
            Diagnostic(
                "FLOW303",
                what,
                span(member.owner.module.source, node),
                why="a value must reach every orchestrator as text, and be read back",
                how="use str, int, float, bool or JSONType",
            )
        )
    elif node.text() in ("list", "dict"):
        problems.append(as_json(f"parameter `{member.name}` has the type `{node.text()}`", span(member.owner.module.source, member.outer)))
    return found or "str"


def _default(
    evaluator: Evaluator, member: Member, node: SgNode | None, context: dict[str, Any], kind: str, problems: list[Diagnostic]
) -> tuple[Any, bool]:
    """The default, and whether it is a function whose value only a run on this machine can know."""
    if node is None:
        return None, False
    source = member.owner.module.source
    try:
        function = function_of(evaluator.resolver, member.owner, node)
        if function is None:
            return plain(folded(evaluator, member.owner, node)), False
        try:
            value = plain(called(evaluator, function, context))
        except Unfoldable:
            return None, True
        wanted = kind or "str"
        if type(value) not in _KINDS[wanted]:
            what = f"the function that is the default of parameter `{member.name}` gives `{value!r:.40}`"
            why = f"the parameter is of type `{wanted}`, and Metaflow takes no other from a function"
            problems.append(Diagnostic("FLOW304", what, span(source, node), why, f"let it return a `{wanted}`, or give another `type`"))
        return value, False
    except Reported:
        return None, False
    except Unfoldable as error:
        what = f"the default of parameter `{member.name}` is not known when compiling: `{' '.join(node.text().split())[:60]}`"
        how = f"write a literal or a constant; leave the default out to have it given with each run{or_set(node)}"
        problems.append(Diagnostic("FLOW120", what, span(source, node), str(error.args[0]), how))
        return None, False


def as_json(what: str, place: nodes.Span) -> Diagnostic:
    """FLOW307: a value that Metaflow would not read as its author meant."""
    why = "Metaflow would split a value given on the command line into characters; here it is read as JSON"
    return Diagnostic("FLOW307", what, place, why, "write `type=JSONType`", WARNING)


def _type_of(default: Any, name: str, place: nodes.Span, problems: list[Diagnostic]) -> str:
    if isinstance(default, bool):
        return "bool"
    if isinstance(default, (list, dict)):
        problems.append(as_json(f"parameter `{name}` has a {'list' if isinstance(default, list) else 'dict'} as default and no type", place))
        return "json"
    return {int: "int", float: "float"}.get(type(default), "str")


def _converted(default: Any, kind: str) -> tuple[Any, str]:
    """The default as the type has it, and why that is impossible ("" if it is possible)."""
    if default is None or kind == "json":
        return _json(default) if kind == "json" else (None, "")
    if kind == "str":
        return (default, "") if isinstance(default, str) else (str(default), "") if isinstance(default, (int, float)) else (None, "it is no text")
    if kind == "bool":
        return _bool(default)
    try:
        if isinstance(default, (bool, list, dict)) or (kind == "int" and isinstance(default, float) and default != int(default)):
            raise ValueError
        return (int(default) if kind == "int" else float(default)), ""
    except (ValueError, OverflowError):
        return None, f"`{default!r:.40}` is no {'whole number' if kind == 'int' else 'number'}"


def _bool(default: Any) -> tuple[Any, str]:
    if isinstance(default, bool):
        return default, ""
    text = str(default).lower()
    if text in ("true", "1", "yes", "y", "t", "on", "false", "0", "no", "n", "f", "off"):
        return text in ("true", "1", "yes", "y", "t", "on"), ""
    return None, f"`{default!r:.40}` is neither true nor false"


def _json(default: Any) -> tuple[Any, str]:
    """A JSONType default may be JSON text or the object itself."""
    if not isinstance(default, str):
        return default, ""
    import json

    try:
        return plain(json.loads(default)), ""
    except (ValueError, RecursionError, Unfoldable):
        return None, "it is not JSON"

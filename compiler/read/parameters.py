"""`Parameter(name, default=…, type=…, required=…, help=…, separator=…)` (Metaflow's documentation, Parameter)."""

from __future__ import annotations

from ..fold.budget import Reported, Unfoldable
from ..fold.values import Library
from ..ir import nodes
from ..report.diagnostics import WARNING, Diagnostic
from ..source.text import span
from .arguments import bind, folded, help_text, plain, unknown_default, values
from .function_values import called, function_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from .members import Member

POSITIONAL = ("name", "default", "type", "help", "required", "show_default")
ARGUMENTS = (*POSITIONAL, "separator")
_TYPES = {
    "str": "str",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "metaflow.JSONType": "json",
    "list": "json",
    "dict": "json",
    "object": "json",
}
_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "str": (str,),
    "json": (str, list, dict),
}


def read_parameter(
    evaluator: Evaluator, member: Member, flow_name: str = ""
) -> tuple[nodes.Parameter | None, list[Diagnostic]]:
    """Returns the parameter and warnings, or None and the diagnostics.

    `flow_name` is passed to a function that is a default.
    """
    source = member.owner.module.source
    place = span(source, member.outer)
    bound = bind(member.owner, member.node, POSITIONAL, ARGUMENTS, "Parameter", evaluator)
    arguments, problems = bound.nodes, list(bound.diagnostics)
    kind, wrong = _type(evaluator, member, arguments.pop("type", None))
    problems += wrong
    default_node, help_node = arguments.pop("default", None), arguments.pop("help", None)
    folded_values, wrong = values(evaluator, member.owner, arguments, "Parameter")
    problems += wrong
    options = {**bound.unpacked, **folded_values}
    context = {"flow_name": flow_name, "parameter_name": options.get("name")}
    default, computed, wrong = _default(evaluator, member, default_node, context, kind)
    problems += wrong
    if default_node is None:
        default = bound.unpacked.get("default")
    if any(problem.severity != WARNING for problem in problems):
        return None, problems
    name = options.get("name")
    if not isinstance(name, str):
        return None, [*problems, nameless(member, "Parameter")]
    if not kind and not computed and isinstance(default, (list, dict)):
        what = f"parameter `{name}` has a {'list' if isinstance(default, list) else 'dict'} as its default, but no type"
        problems.append(as_json(what, place))
    kind = kind or ("str" if computed else _type_of(default))
    value, impossible = _converted(default, kind)
    if impossible:
        what = f"the default of parameter `{name}` does not have type `{kind}`"
        where = span(source, default_node) if default_node is not None else place
        return None, [
            *problems,
            Diagnostic("FLOW304", what, where, impossible, f"give a value of type `{kind}`, or a different `type`"),
        ]
    separator = options.get("separator")
    if separator and kind != "str":
        what = f"parameter `{name}` of type `{kind}` has a separator"
        return None, [*problems, Diagnostic("FLOW305", what, place, "only text can be split", "remove `separator`")]
    has_default = default is not None
    described, wrong = help_text(evaluator, member.owner, help_node, name)
    described = described or str(options.get("help") or "")
    parameter = nodes.Parameter(
        member.name, name, kind, value, has_default,
        bool(options.get("required")) and not has_default and not computed, described,
        str(separator or ""), place, options.get("show_default") is not False, computed,
    )  # fmt: skip
    return parameter, [*problems, *wrong]


def nameless(member: Member, what: str) -> Diagnostic:
    """FLOW301: a parameter without a name."""
    why = "runs are given the parameter by its name"
    place = span(member.owner.module.source, member.outer)
    return Diagnostic(
        "FLOW301", f"parameter `{member.name}` has no name", place, why, f"write `{what}('{member.name}', …)`"
    )


def parameter_of(attribute: str, name: str, options: dict[str, Any], place: nodes.Span) -> nodes.Parameter | str:
    """Returns the parameter that a mutator made with the arguments `options`, or the reason why it is invalid.

    `type`, if given, is a name of the IR.
    """
    default, kind = options.get("default"), options.get("type")
    if kind is None:
        kind = _type_of(default)
    if kind not in ("str", "int", "float", "bool", "json"):
        return f"`{kind}` is not a valid parameter type"
    value, wrong = _converted(default, kind)
    if wrong:
        return f"the default of `{name}` does not have type `{kind}`: {wrong}"
    separator = options.get("separator") or ""
    if separator and kind != "str":
        return f"`{name}` of type `{kind}` has a separator"
    required = bool(options.get("required")) and default is None
    return nodes.Parameter(
        attribute,
        name,
        kind,
        value,
        default is not None,
        required,
        str(options.get("help") or ""),
        str(separator),
        place,
    )


def _type(evaluator: Evaluator, member: Member, node: SgNode | None) -> tuple[str, list[Diagnostic]]:
    """Returns the type's name in the IR, "" if none is given."""
    if node is None or node.text() == "None":
        return "", []
    name = (
        _TYPES.get(evaluator.resolver.qualify(member.owner.module, node.text()).removeprefix("builtins."))
        if node.kind() in ("identifier", "attribute")
        else None
    )
    if name is None:
        try:
            kind = folded(evaluator, member.owner, node)
            name = _TYPES.get(kind.name) if isinstance(kind, Library) else None
        except Unfoldable:
            pass
    if name is None:
        what = f"`{node.text()[:60]}` is not a valid parameter type"
        why = "orchestrators pass values as text, and this type cannot be read back from text"
        return "str", [
            Diagnostic(
                "FLOW303", what, span(member.owner.module.source, node), why, "use str, int, float, bool or JSONType"
            )
        ]
    if node.text() in ("list", "dict"):
        return name, [
            as_json(
                f"parameter `{member.name}` has the type `{node.text()}`",
                span(member.owner.module.source, member.outer),
            )
        ]
    return name, []


def _default(
    evaluator: Evaluator, member: Member, node: SgNode | None, context: dict[str, Any], kind: str
) -> tuple[Any, bool, list[Diagnostic]]:  # fmt: skip
    """Returns the default, and True if it is a function that only a run on this machine can evaluate."""
    if node is None:
        return None, False, []
    source = member.owner.module.source
    try:
        function = function_of(evaluator.resolver, member.owner, node)
        if function is None:
            return plain(folded(evaluator, member.owner, node)), False, []
        try:
            value = plain(called(evaluator, function, context))
        except Unfoldable:
            return None, True, []
        type_name = kind or "str"
        if type(value) not in _KINDS[type_name]:
            what = f"the function in the default of parameter `{member.name}` returns `{value!r:.40}`"
            why = f"the parameter has type `{type_name}`, and Metaflow accepts only this type from a function"
            return (
                value,
                False,
                [
                    Diagnostic(
                        "FLOW304",
                        what,
                        span(source, node),
                        why,
                        f"let it return a `{type_name}`, or give a different `type`",
                    )
                ],
            )
        return value, False, []
    except Reported:
        return None, False, []
    except Unfoldable as error:
        how = "write a literal or a constant, or remove the default and give a value with each run"
        return None, False, [unknown_default(member.name, member.owner, node, error, how)]


def as_json(what: str, place: nodes.Span) -> Diagnostic:
    """Returns FLOW307 for a value that Metaflow would not read as intended."""
    why = "Metaflow would split a value from the command line into characters, but flowc reads it as JSON"
    return Diagnostic("FLOW307", what, place, why, "add `type=JSONType`", WARNING)


def _type_of(default: Any) -> str:
    """Returns the type in the IR of a parameter without `type`."""
    return {bool: "bool", list: "json", dict: "json", int: "int", float: "float"}.get(type(default), "str")


def _converted(default: Any, kind: str) -> tuple[Any, str]:
    """Returns the default converted to the type, and the reason if that fails, else ""."""
    if default is None or kind == "json":
        return _json(default) if kind == "json" else (None, "")
    if kind == "str":
        return (
            (default, "")
            if isinstance(default, str)
            else (str(default), "")
            if isinstance(default, (int, float))
            else (None, "it is not text")
        )
    if kind == "bool":
        return _bool(default)
    try:
        if isinstance(default, (bool, list, dict)) or (
            kind == "int" and isinstance(default, float) and default != int(default)
        ):
            raise ValueError
        return (int(default) if kind == "int" else float(default)), ""
    except (ValueError, OverflowError):
        return None, f"`{default!r:.40}` is not a {'whole number' if kind == 'int' else 'number'}"


def _bool(default: Any) -> tuple[Any, str]:
    if isinstance(default, bool):
        return default, ""
    text = str(default).lower()
    if text in ("true", "1", "yes", "y", "t", "on", "false", "0", "no", "n", "f", "off"):
        return text in ("true", "1", "yes", "y", "t", "on"), ""
    return None, f"`{default!r:.40}` is neither true nor false"


def _json(default: Any) -> tuple[Any, str]:
    """Converts the default of a JSONType, which may be JSON text or the object itself."""
    if not isinstance(default, str):
        return default, ""
    import json

    try:
        return plain(json.loads(default)), ""
    except (ValueError, RecursionError, Unfoldable):
        return None, "it is not valid JSON"

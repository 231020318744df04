"""`Parameter(name, default=…, type=…, required=…, help=…, separator=…)` (Metaflow's documentation, Parameter)."""

from __future__ import annotations

from ..fast_start.record import replace
from ..fold.budget import Reported, Unfoldable
from ..fold.values import HERE, Elsewhere, OfContainer, OfPlace, of_place
from ..ir import nodes
from ..report.diagnostics import WARNING, Diagnostic
from ..source.text import span
from .arguments import bind, describing, folded, help_text, plain, unknown_default, values
from .function_values import called, function_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from .members import Member

POSITIONAL = ("name", "default", "type", "help", "required", "show_default")
OF_CLICK = (
    "is_flag", "flag_value", "multiple", "nargs", "count", "envvar", "metavar", "hidden", "prompt", "hide_input",
    "confirmation_prompt", "show_choices", "show_envvar", "is_eager",
)  # fmt: skip
ARGUMENTS = (*POSITIONAL, "separator", *OF_CLICK)
_NOT_ONE_TEXT = ("separator", "is_flag", "flag_value", "multiple", "nargs", "count")
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
_NAME_OF_FILE = r"\bPath\(__file__\)(\.resolve\(\)|\.absolute\(\))?\.(stem|name)\b|\bbasename\(__file__\)"
_SIMPLE = frozenset((str, bool, int, float))
_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "str": (str,),
    "json": (str, list, dict),
}


def read_parameter(
    evaluator: Evaluator, member: Member, flow_name: str = "", current: Mapping[str, Any] | None = None
) -> tuple[nodes.Parameter | None, list[Diagnostic]]:
    """Returns the parameter and warnings, or None and the diagnostics.

    `flow_name` is passed to a function that is a default, and `current` is what it may know of Metaflow's `current`.
    """
    source = member.owner.module.source
    place = span(source, member.outer)
    bound = bind(member.owner, member.node, POSITIONAL, ARGUMENTS, "Parameter", evaluator)
    arguments, problems = bound.nodes, list(bound.diagnostics)
    kind, form_fields, wrong = _type(evaluator, member, arguments.pop("type", None))
    problems += wrong
    default_node, help_node = arguments.pop("default", None), arguments.pop("help", None)
    shown, hints = describing(evaluator, member.owner, arguments, "Parameter")
    folded_values, wrong = values(evaluator, member.owner, arguments, "Parameter")
    problems += wrong
    options = {**bound.unpacked, **shown, **folded_values}
    context = {"flow_name": flow_name, "parameter_name": options.get("name")}
    allowed = (str,) if form_fields else _KINDS[kind or "str"]
    is_text = kind in ("", "str") and not form_fields and not any(options.get(argument) for argument in _NOT_ONE_TEXT)
    raw, computed, wrong = _default(evaluator, member, default_node, context, allowed, is_text, current or {})
    problems += wrong
    if default_node is None:
        raw = bound.unpacked.get("default")
    if any(problem.severity != WARNING for problem in problems):
        return None, problems
    name = options.get("name")
    if not isinstance(name, str):
        return None, [*problems, nameless(member, "Parameter")]
    click_options = {argument: options[argument] for argument in OF_CLICK if options.get(argument) is not None}
    if not kind and not computed and not click_options and isinstance(raw, (list, dict, tuple)):
        what = f"parameter `{name}` has a {type(raw).__name__} as its default, but no type"
        problems.append(as_json(what, place))
    form, default = None, raw
    variable = raw if isinstance(raw, OfContainer) else None
    if variable is not None:
        raw = default = variable.default
    if click_options or form_fields or not (raw is None or type(raw) in _SIMPLE):
        kind, form, default, wrong = _formed(kind, form_fields, click_options, name, raw, place)
        problems += wrong
        if wrong:
            return None, problems
    kind = kind or ("str" if computed else _type_of(default))
    value, impossible = _converted(default, kind)
    if variable is not None:
        form = replace(form or nodes.Form(), container=variable.name)
    where = span(source, default_node) if default_node is not None else place
    if form is not None and not impossible:
        value, not_allowed = _checked(form, kind, value)
        if not_allowed:
            what = f"parameter `{name}` does not allow its default"
            how = "give a default that a run could be given"
            return None, [*problems, Diagnostic("FLOW304", what, where, not_allowed, how)]
    if impossible:
        what = f"the default of parameter `{name}` does not have type `{kind}`"
        return None, [
            *problems,
            Diagnostic("FLOW304", what, where, impossible, f"give a value of type `{kind}`, or a different `type`"),
        ]
    separator = options.get("separator")
    if separator and (kind != "str" or form_fields):
        what = f"parameter `{name}` of type `{kind}` has a separator"
        if kind == "str":
            what = f"parameter `{name}` has a separator, and a `type` other than `str`"
        return None, [*problems, Diagnostic("FLOW305", what, place, "only text can be split", "remove `separator`")]
    has_default = default is not None
    described, wrong = help_text(evaluator, member.owner, help_node, name)
    described = described or str(options.get("help") or "")
    parameter = nodes.Parameter(
        member.name, name, kind, value, has_default,
        bool(options.get("required")) and not has_default and not computed and variable is None, described,
        str(separator or ""), place, options.get("show_default") is not False, computed, None, form,
    )  # fmt: skip
    return parameter, [*problems, *hints, *wrong]


def nameless(member: Member, what: str) -> Diagnostic:
    """FLOW301: a parameter without a name."""
    why = "runs are given the parameter by its name"
    place = span(member.owner.module.source, member.outer)
    return Diagnostic(
        "FLOW301", f"parameter `{member.name}` has no name", place, why, f"write `{what}('{member.name}', …)`"
    )


def parameter_of(attribute: str, name: str, options: dict[str, Any], place: nodes.Span) -> nodes.Parameter | str:
    """Returns the parameter that a mutator made with the arguments `options`, or the reason why it is invalid.

    `type`, if given, is a name of the IR, or what `kind_of_data` takes.
    """
    default, kind = options.get("default"), options.get("type")
    form = None
    if isinstance(kind, dict) or kind == "call" or not options.keys().isdisjoint(OF_CLICK):
        from .parameter_forms import Wrong, finished, form_of, kind_of_data

        arguments = {argument: options[argument] for argument in OF_CLICK if options.get(argument) is not None}
        try:
            kind, fields, default = form_of(kind_of_data(kind), arguments, name, default)
        except Wrong as error:
            return f"the arguments of `{name}` do not work together: {error.why}; {error.how}"
        form = finished(fields)
    kind = kind or _type_of(default)
    if kind not in ("str", "int", "float", "bool", "json"):
        return f"`{kind}` is not a valid parameter type"
    value, wrong = _converted(default, kind)
    if wrong:
        return f"the default of `{name}` does not have type `{kind}`: {wrong}"
    separator = options.get("separator") or ""
    if separator and kind != "str":
        return f"`{name}` of type `{kind}` has a separator"
    if form is not None:
        value, wrong = _checked(form, kind, value)
        if wrong:
            return f"`{name}` does not allow its default: {wrong}"
    required = bool(options.get("required")) and default is None
    return nodes.Parameter(
        attribute, name, kind, value, default is not None, required, str(options.get("help") or ""), str(separator),
        place, form=form,
    )  # fmt: skip


def _formed(
    kind: str, fields: dict[str, Any], options: dict[str, Any], name: str, raw: Any, place: nodes.Span
) -> tuple[str, nodes.Form | None, Any, list[Diagnostic]]:
    """Returns the type, the form and the default, or FLOW315 for arguments that no run could use."""
    from .parameter_forms import Kind, Wrong, finished, form_of, kind_of_default

    is_several = options.get("multiple") or (options.get("nargs") or 1) != 1
    asked = Kind(kind, fields) if kind or is_several else kind_of_default(raw)
    try:
        kind, form, default = form_of(asked, options, name, raw)
    except Wrong as wrong:
        what = f"the arguments of parameter `{name}` do not work together"
        return kind, None, None, [Diagnostic("FLOW315", what, place, wrong.why, wrong.how)]
    except Unfoldable as error:
        what = f"the default of parameter `{name}` cannot be written into a spec"
        return kind, None, None, [Diagnostic("FLOW304", what, place, str(error.args[0]), "give plain data")]
    return kind, finished(form), default, []


def form_of_file(options: dict[str, Any], name: str) -> nodes.Form | None:
    """Returns the form of an IncludeFile with these arguments of click's option."""
    from .parameter_forms import Kind, finished, form_of

    return finished(form_of(Kind("file", {}), options, name, None)[1])


def _checked(form: nodes.Form, kind: str, default: Any) -> tuple[Any, str]:
    from .parameter_forms import checked_default

    try:
        return checked_default(form, kind, default), ""
    except ValueError as error:
        return None, str(error)


def _type(evaluator: Evaluator, member: Member, node: SgNode | None) -> tuple[str, dict[str, Any], list[Diagnostic]]:
    """Returns the type's name in the IR, "" if none is given, and what it asks of the form."""
    if node is None or node.text() == "None":
        return "", {}, []
    name = (
        _TYPES.get(evaluator.resolver.qualify(member.owner.module, node.text()).removeprefix("builtins."))
        if node.kind() in ("identifier", "attribute")
        else None
    )
    if name is None:
        return _other_type(evaluator, member, node)
    return name, {}, _warned(member, node)


def _other_type(evaluator: Evaluator, member: Member, node: SgNode) -> tuple[str, dict[str, Any], list[Diagnostic]]:
    """Returns the same for one of click's types, a tuple of types, or a function."""
    from .parameter_forms import Wrong, kind_of

    why = "a run gives the value as text, and this type cannot be made from text"
    how = "use str, int, float, bool, JSONType, a function, or one of click's types"
    try:
        kind = kind_of(folded(evaluator, member.owner, node))
        if kind is not None:
            return kind.name, kind.form, _warned(member, node)
    except Reported:
        return "str", {}, []
    except Wrong as wrong:
        why, how = wrong.why, wrong.how
    except Unfoldable:
        if node.kind() in ("identifier", "attribute", "lambda", "call"):  # the task has it
            return "str", {"made": "call"}, []
    what = f"`{' '.join(node.text().split())[:60]}` is not a valid parameter type"
    return "str", {}, [Diagnostic("FLOW303", what, span(member.owner.module.source, node), why, how)]


def _warned(member: Member, node: SgNode) -> list[Diagnostic]:
    if node.text() not in ("list", "dict", "tuple"):
        return []
    what = f"parameter `{member.name}` has the type `{node.text()}`"
    return [as_json(what, span(member.owner.module.source, member.outer))]


def _default(
    evaluator: Evaluator, member: Member, node: SgNode | None, context: dict[str, Any], allowed: tuple[type, ...],
    is_text: bool, current: Mapping[str, Any],
) -> tuple[Any, bool, list[Diagnostic]]:  # fmt: skip
    """Returns the default, and True if only a run on this machine can evaluate it.

    `allowed` are the types that a function may return. With `is_text`, the default may be a path that tasks have.
    """
    if node is None:
        return None, False, []
    source = member.owner.module.source
    try:
        function = function_of(evaluator.resolver, member.owner, node)
        if function is None:
            return _usable(folded(evaluator, member.owner, node)), False, []
        try:
            value = plain(called(evaluator, function, context, current))
        except Unfoldable:
            if (given := _given(evaluator, member, context)) is not None:
                return given, False, []
            return None, True, []
        if type(value) not in allowed:
            type_name = next(name for name, types in _KINDS.items() if types == allowed)
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
        if (given := _given(evaluator, member, context)) is not None:
            return given, False, []
        if evaluator.environment.is_complete:  # a run on this machine asks Python
            return None, True, []
        if (named := _name_of_file(evaluator, member, node)) is not None:
            return named, False, []
        if is_text and isinstance(error, Elsewhere) and (place := _place(evaluator, member, node)) is not None:
            return place, False, []
        how = "write a literal or a constant, or remove the default and give a value with each run"
        path = _beside(evaluator, member, node) if isinstance(error, Elsewhere) else ""
        if path:
            how = (
                f"if the steps need the file's content, write `{member.name} = IncludeFile({member.name!r}, "
                f"default={path!r})`; if they need the path, write `default={path!r}` and join it to the folder of "
                "`__file__` in the step"
            )
        return None, False, [unknown_default(member.name, member.owner, node, error, how, _spelling(member))]


def _spelling(member: Member) -> str:
    """Returns the name by which `--set` gives the parameter's default."""
    return f"{member.owner.name}.{member.name}"


def _given(evaluator: Evaluator, member: Member, context: dict[str, Any]) -> Any:
    """Returns the default that `--set` gives, by the class that has the parameter or by the flow; None without one."""
    spellings = (_spelling(member), f"{context['flow_name']}.{member.name}")
    return next((evaluator.set_values[name] for name in spellings if name in evaluator.set_values), None)


def _usable(raw: Any) -> Any:
    """Returns a default that has a form in JSON. Raises Unfoldable."""
    if type(raw) not in _SIMPLE and not _is_other(raw):
        data = plain(raw)
        return raw if isinstance(raw, tuple) else data
    return plain(raw) if type(raw) in _SIMPLE else raw


def _is_other(raw: Any) -> bool:
    """Returns True for a default that stands for more than itself."""
    return type(raw).__name__ == "PurePosixPath" or hasattr(raw, "label") or isinstance(raw, OfContainer)


def _name_of_file(evaluator: Evaluator, member: Member, node: SgNode) -> str | None:
    """Returns a part of the name of the flow's file, as in `Path(__file__).stem`, which is the same everywhere."""
    text = node.text()
    if "__file__" not in text:
        return None
    import re

    if "__file__" in re.sub(_NAME_OF_FILE, "", text):  # something else depends on where the file is
        return None
    try:
        value = folded(evaluator.at(HERE), member.owner, node)
    except Unfoldable:
        return None
    return value if isinstance(value, str) and "\0" not in value else None


def _beside(evaluator: Evaluator, member: Member, node: SgNode) -> str:
    """Returns the path relative to the flow's folder, for an expression of a path in that folder; "" for another."""
    try:
        path = str(folded(evaluator.at(HERE), member.owner, node))
    except Unfoldable:
        return ""
    inside = path[len(HERE) + 1 :] if path.startswith(f"{HERE}/") else ""
    return "" if "\0" in inside else inside


def _place(evaluator: Evaluator, member: Member, node: SgNode) -> OfPlace | None:
    """Returns the path in the form that a spec has, for an expression of one that begins with a place of the task."""
    try:
        return of_place(folded(evaluator.at(HERE), member.owner, node))
    except Unfoldable:
        return None


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

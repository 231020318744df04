"""The form of a parameter's value: click's types, functions as types, and the arguments of click's options.

Metaflow hands the arguments of `Parameter` that it does not know on to click 7, which makes an option of them. What
click does is measured; `tests/differential` compares it.
"""

from __future__ import annotations

from flowc.runtime_shim.contract.parameter_forms import checked
from flowc.runtime_shim.contract.parameter_forms import convert as convert_form

from ..fast_start.record import record
from ..fold.objects import OwnClass
from ..fold.values import CLICK_TYPES, ClickType, Function, Library, Method, Native, OfPlace
from ..ir import nodes
from .arguments import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..ir.nodes import Value

BASIC = {
    "str": "str", "int": "int", "float": "float", "bool": "bool", "metaflow.JSONType": "json", "list": "json",
    "dict": "json", "object": "json",
}  # fmt: skip
_PLAIN = {"INT": "int", "FLOAT": "float", "BOOL": "bool", "STRING": "str", "UNPROCESSED": "str"}
_PATHS = frozenset("pathlib.Path pathlib.PurePath pathlib.PosixPath".split())
_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
_PATH_CHECKS = {"exists": "exists", "writable": "writable", "resolve_path": "absolute"}


class Wrong(Exception):
    """Raised for an argument that no run could use. `args` are why, and what to write instead."""

    def __init__(self, why: str, how: str) -> None:
        super().__init__(why, how)
        self.why, self.how = why, how


@record
class Kind:
    """What `type=` asks for: a type of the IR, "" for the one of the default, and fields of the form."""

    name: str
    form: dict[str, Any]


def kind_of(value: Any) -> Kind | None:
    """Returns what the folded value of `type=` asks for, or None if Metaflow could not use it. Raises Wrong."""
    if isinstance(value, Library) and value.name in BASIC:
        return Kind(BASIC[value.name], {})
    if isinstance(value, Library):
        if value.name in ("bytes", "bytearray"):
            return None  # they do not take text alone
        if value.name == "tuple":
            return Kind("json", {"items": ("any",), "count": 0, "made": "tuple"})
        return Kind("str", {"made": "path" if value.name in _PATHS else "call"})
    if isinstance(value, (list, tuple)):
        return _tuple(value)
    if isinstance(value, ClickType):
        return _of_click(value)
    if isinstance(value, Native) and value.name in CLICK_TYPES:
        raise Wrong("click takes an object of the class, not the class", f"write `{value.name}(…)`")
    if isinstance(value, (Function, Method, Native, OwnClass)) or hasattr(value, "is_object"):
        return Kind("str", {"made": "call"})
    return None


def kind_of_data(data: Any) -> Kind:
    """Returns what a type asks for that a mutator reported: a name of the IR, "call", or one of click's types."""
    if data == "call":
        return Kind("str", {"made": "call"})
    if not isinstance(data, dict):
        return Kind(data or "", {})
    arguments = data["arguments"]
    if data["click"] == "Tuple":
        arguments = [[Library(name) for name in types] for types in arguments]
    return _of_click(ClickType(data["click"], tuple(arguments), data["named"]))


def kind_of_default(raw: Any) -> Kind:
    """Returns the type of a parameter without `type=`, by its folded default: a tuple, a path, or a member."""
    if hasattr(raw, "label"):
        kinds = {bool: "bool", int: "int", float: "float"}
        return Kind(kinds.get(type(raw.content), "str"), {"made": "call"})
    if isinstance(raw, tuple):
        return Kind("json", {"items": ("any",), "count": 0, "made": "tuple"})
    return Kind("", {"made": "path"} if type(raw).__name__ == "PurePosixPath" else {})


def plain_default(raw: Any) -> Value:
    """Returns the folded default as JSON has it. Raises Unfoldable."""
    if hasattr(raw, "label"):
        return plain(raw.content)
    return str(raw) if isinstance(raw, OfPlace) or type(raw).__name__ == "PurePosixPath" else plain(raw)


def _of_click(value: ClickType) -> Kind:
    arguments = {**dict(zip(CLICK_TYPES[value.name], value.arguments)), **value.named}
    if value.name in _PLAIN:
        return Kind(_PLAIN[value.name], {})
    if value.name == "UUID":
        return Kind("str", {"made": "uuid"})
    if value.name == "Choice":
        return _choice(arguments)
    if value.name in ("IntRange", "FloatRange"):
        if arguments.get("min_open") or arguments.get("max_open"):
            raise Wrong("Metaflow's click has no open ranges", "give the least and the largest value that are allowed")
        least, most = plain(arguments.get("min")), plain(arguments.get("max"))
        name = "int" if value.name == "IntRange" else "float"
        return Kind(name, {"least": least, "most": most, "is_clamped": bool(arguments.get("clamp"))})
    if value.name == "DateTime":
        formats = plain(arguments.get("formats"))
        listed = tuple(str(text) for text in formats) if isinstance(formats, list) else _DATES
        return Kind("str", {"made": "datetime", "formats": listed})
    if value.name == "Path":
        return Kind("str", {"path": _path(arguments)})
    if value.name == "Tuple":
        return _tuple(arguments.get("types"))
    why = "its value would be an open file, which no artifact can hold"
    raise Wrong(why, "use `IncludeFile`, whose value is the file's content, or `click.Path()`, and open it in a step")


def _choice(arguments: Mapping[str, Any]) -> Kind:
    choices = plain(list(arguments["choices"])) if isinstance(arguments.get("choices"), (list, tuple)) else None
    if not isinstance(choices, list) or not choices or not all(isinstance(choice, str) for choice in choices):
        raise Wrong("click compares the text of an option with the choices", "give a list of texts")
    any_case = arguments.get("case_sensitive", True) is False
    return Kind("str", {"choices": tuple(choices), "any_case": any_case})


def _path(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    asked = [name for argument, name in _PATH_CHECKS.items() if arguments.get(argument)]
    if arguments.get("file_okay") is False:
        asked.append("folder")
    if arguments.get("dir_okay") is False:
        asked.append("file")
    if arguments.get("exists") and arguments.get("readable", True):
        asked.append("readable")
    return tuple(asked)


def _tuple(types: Any) -> Kind:
    if not isinstance(types, (list, tuple)) or not types:
        raise Wrong("a tuple needs the type of each of its values", "list the types: `click.Tuple([str, int])`")
    items = []
    for item in types:
        kind = kind_of(item)
        if kind is None or kind.form or kind.name == "json":
            raise Wrong("the types of a tuple's values must be plain", "use str, int, float or bool")
        items.append(kind.name)
    return Kind("json", {"items": tuple(items), "count": len(items), "made": "tuple"})


def form_of(kind: Kind, options: Mapping[str, Value], name: str, raw: Any) -> tuple[str, dict[str, Any], Value]:
    """Returns the parameter's type, the fields of its form, and the default.

    `options` are the arguments of click's option, and `raw` is the folded default. Raises Wrong.
    """
    type_name, form, default = kind.name, dict(kind.form), plain_default(raw)
    if isinstance(raw, OfPlace):
        form["made"] = "place_path" if raw.is_path else "place"
    for argument in ("metavar", "envvar", "prompt"):
        value = options.get(argument)
        allowed = (str, list) if argument == "envvar" else (str, bool) if argument == "prompt" else str
        if value is not None and not isinstance(value, allowed):
            raise Wrong(f"`{argument}` must be text", f"write `{argument}='…'`")
    variables = options.get("envvar")
    form["variables"] = tuple(map(str, variables)) if isinstance(variables, list) else _listed(variables)
    form["word"] = str(options.get("metavar") or "")
    form["is_hidden"] = bool(options.get("hidden"))
    prompt = options.get("prompt")
    form["prompt"] = name.replace("_", " ").capitalize() if prompt is True else str(prompt or "")
    form["is_secret"] = bool(options.get("hide_input"))
    form["is_confirmed"] = bool(options.get("confirmation_prompt"))
    if options.get("is_flag") or options.get("flag_value") is not None:
        return _flag(type_name, form, default, options.get("flag_value"))
    if options.get("count"):
        form["is_count"] = True
        return "int", form, 0 if default is None else default
    return _several(type_name, form, default, options)


def _listed(value: Value) -> tuple[str, ...]:
    return (str(value),) if value else ()


def _flag(type_name: str, form: dict[str, Any], default: Value, value: Value) -> tuple[str, dict[str, Any], Value]:
    if value is None:
        if default is not None and not isinstance(default, bool):
            raise Wrong("a flag without `flag_value` is True or False", "give `default=False`, or a `flag_value`")
        form["flag"] = not default
        return "bool", form, False if default is None and type_name == "bool" else default
    if isinstance(default, bool) is not isinstance(value, bool) and default is not None and not type_name:
        raise Wrong("the type of the default is that of `flag_value` too", "remove the default, or give `type`")
    form["flag"] = value
    kinds = {bool: "bool", int: "int", float: "float"}
    # click: the flag's value is the default if a true default is given
    return type_name or kinds.get(type(value), "str"), form, value if default else None


def _several(
    type_name: str, form: dict[str, Any], default: Value, options: Mapping[str, Value]
) -> tuple[str, dict[str, Any], Value]:
    count = options.get("nargs")
    is_repeated = bool(options.get("multiple"))
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise Wrong("an option needs a known number of values", "give `nargs=2` or more, or `multiple=True`")
    if form.get("items") and form.get("made") == "tuple" and len(form["items"]) == form.get("count"):
        form["is_repeated"] = is_repeated
        if count is not None and count != form["count"]:
            raise Wrong("`nargs` must be the number of the tuple's types", "remove `nargs`")
        return type_name, form, default
    if not is_repeated and (count or 1) == 1:
        return type_name, form, default
    if not type_name:
        type_name = "str"
        if default is not None and not isinstance(default, str):
            why = "the type of the default would be the type of each value, as in Metaflow"
            raise Wrong(why, "give the type of one value: `type=str`")
    form["items"], form["is_repeated"], form["count"] = (type_name,), is_repeated, count or 1
    form["made"] = form.get("made") or "tuple"
    if isinstance(default, str):
        default = list(default)  # as in Python, a text is its characters
    if default is not None and not isinstance(default, list):
        raise Wrong("the default of several values must be a list", "write `default=[…]`")
    return "json", form, [] if default is None and not options.get("required") else default


def finished(form: dict[str, Any]) -> nodes.Form | None:
    """Returns the form, or None if it asks for nothing."""
    result = nodes.Form(**form)
    return None if result == nodes.Form() else result


def checked_default(form: nodes.Form | None, type_name: str, default: Value) -> Value:
    """Returns the default as a run has it. Raises ValueError if it is not allowed."""
    if form is None or default is None or form.path:
        return default  # paths are looked at where the first task runs
    fields: dict[str, Any] = {field: getattr(form, field) for field in form.__match_args__}
    if not form.items:
        return checked(fields, default)  # type: ignore[no-any-return]
    return convert_form(fields, type_name, default, _scalar)  # type: ignore[no-any-return]


def _scalar(kind: str, value: Any) -> Any:
    """Returns one of several values of a default, which has its type already, or is a number for a float."""
    kinds: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool}
    expected = kinds.get(kind, object)
    if not isinstance(value, expected) or (isinstance(value, bool) and kind in ("int", "float")):
        raise ValueError(f"{value!r:.40} is not of type `{kind}`")
    return float(value) if kind == "float" else value

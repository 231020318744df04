"""Types of click as data, for the compiler: click's own, or those of flowc's stand-in, by what their objects say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

# the options of a type that has some, with click's defaults
_OPTIONS: Dict[str, Dict[str, Any]] = {
    "Choice": {"case_sensitive": True},
    "IntRange": {"min": None, "max": None, "min_open": False, "max_open": False, "clamp": False},
    "FloatRange": {"min": None, "max": None, "min_open": False, "max_open": False, "clamp": False},
    "Path": {
        "exists": False, "file_okay": True, "dir_okay": True, "writable": False, "readable": True,
        "resolve_path": False, "allow_dash": False, "executable": False,
    },
    "File": {"mode": "r"},
}  # fmt: skip
_PLAIN = {"text": "STRING", "integer": "INT", "float": "FLOAT", "boolean": "BOOL", "uuid": "UUID"}
_IN_TUPLES = {"text": "str", "integer": "int", "float": "float", "boolean": "bool"}
_MODULES = ("click", "flowc.runtime_shim.api.click_types")


def data_of(kind: Any) -> Optional[Dict[str, Any]]:
    """Returns the type's name, arguments and options; None for what is no type of click's, such as one of the flow's.

    >>> from flowc.runtime_shim.api.click_types import INT, Choice, IntRange
    >>> data_of(Choice(["a", "b"])), data_of(IntRange(1, max_open=True))["named"], data_of(INT)["click"], data_of(int)
    ({'click': 'Choice', 'arguments': [['a', 'b']], 'named': {}}, {'min': 1, 'max_open': True}, 'INT', None)
    """
    home = type(kind).__module__
    if not any(home == module or home.startswith(module + ".") for module in _MODULES):
        return None
    name = type(kind).__name__
    arguments = []
    if name == "Choice":
        arguments = [list(kind.choices)]
    elif name == "DateTime":
        arguments = [list(kind.formats)]
    elif name == "Tuple":
        arguments = [[_IN_TUPLES.get(each.name, each.name) for each in kind.types]]
    elif name not in _OPTIONS:
        name = _PLAIN.get(str(kind.name), "UNPROCESSED")
    options = getattr(kind, "options", {})  # of the stand-in: what it only passes on
    named = {
        key: value
        for key, default in _OPTIONS.get(name, {}).items()
        if (value := getattr(kind, key, options.get(key, default))) != default
    }
    made = getattr(kind, "type", None)
    if name == "Path" and made is not None:
        named["path_type"] = getattr(made, "__name__", str(made))
    return {"click": name, "arguments": arguments, "named": named}

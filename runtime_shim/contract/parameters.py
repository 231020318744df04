"""Parameters: what a run was started with, from text to values (docs/shim.md, Parameters)."""

from __future__ import annotations

from ..fast_start import json_text
from .errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping

NONE_TEXT = "<none>"  # None for a str parameter without a default, where an engine only knows text
DEFAULT_TEXT = "<default>"  # the default, where an engine cannot hold its text
_TRUE, _FALSE = ("true", "1", "yes", "y", "t", "on"), ("false", "0", "no", "n", "f", "off")


def decode(text: str) -> Dict[str, Any]:
    """Reads FLOWC_PARAMETERS: a JSON object, or the base64 of one. Raises ShimError."""
    try:
        if not text.lstrip().startswith("{"):
            import base64

            text = base64.b64decode(text, validate=True).decode("utf-8", "surrogatepass")
        found = json_text.loads(text)
        if isinstance(found, list):  # Argo's own list of parameters: [{"name": …, "value": …}]
            found = {each["name"]: each.get("value") for each in found}
    except (ValueError, KeyError, TypeError):
        raise ShimError("FLOWC_PARAMETERS is neither a JSON object nor the base64 of one") from None
    if not isinstance(found, dict):
        raise ShimError("FLOWC_PARAMETERS is not a JSON object")
    return found


def convert(declared: List[Dict[str, Any]], given: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns the value of every parameter, by its name. Raises ShimError naming everything that is wrong."""
    problems = [f"there is no parameter {name!r}" for name in given if name not in {each["name"] for each in declared}]
    values: Dict[str, Any] = {}
    for parameter in declared:
        name = parameter["name"]
        try:
            values[name] = _value(parameter, given[name]) if name in given else _missing(parameter)
        except ValueError as error:
            problems.append(f"parameter {name!r}: {error}")
    if problems:
        raise ShimError("; ".join(problems))
    return values


def in_step(parameter: Dict[str, Any], value: Any) -> Any:
    """What `self.NAME` is: the value, split at the separator if there is one; an empty text is left as it is."""
    if parameter["separator"] and isinstance(value, str) and value:
        return value.split(parameter["separator"])
    return value


def _missing(parameter: Dict[str, Any]) -> Any:
    if parameter["type"] == "file" and not parameter["required"]:
        from .included_file import default

        return default(parameter)
    if parameter["has_default"]:
        return parameter["default"]
    if parameter["required"]:
        raise ValueError("it is required")
    return None


def _value(parameter: Dict[str, Any], given: Any) -> Any:
    kind, optional = parameter["type"], not parameter["has_default"] and not parameter["required"]
    if given is None or (given == DEFAULT_TEXT and parameter["has_default"]):
        return _missing(parameter)
    if optional and given == (NONE_TEXT if kind == "str" else "null"):
        return None
    if kind == "str":
        if isinstance(given, (dict, list)):
            raise ValueError("it is text")
        if isinstance(given, str):
            return given
        import json

        return json.dumps(given)
    if kind == "file":
        from .included_file import reference

        return reference(given)
    if kind == "json":
        value = _json(given) if isinstance(given, str) else given
        return (
            _missing(parameter) if value is None else value
        )  # as in Metaflow, where None is a value that was not given
    if kind == "bool":
        return _bool(given)
    return _number(kind, given)


def _json(text: str) -> Any:
    try:
        return json_text.loads(text)
    except ValueError:
        raise ValueError(f"{text!r} is no JSON") from None


def _number(kind: str, given: Any) -> Any:
    wrong = ValueError(f"{given!r} is no {'whole number' if kind == 'int' else 'number'}")
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise wrong
    try:
        found = float(given) if kind == "float" else int(given)
    except (ValueError, OverflowError):
        raise wrong from None
    if isinstance(given, float) and found != given and given == given:
        raise wrong
    return found


def _bool(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    text = str(given).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(f"{given!r} is neither true nor false")

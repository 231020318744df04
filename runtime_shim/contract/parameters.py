"""Parameters: converts the text that a run was started with to values (docs/shim.md, Parameters)."""

from __future__ import annotations

from ..fast_start import json_text
from .errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping

NONE_TEXT = "<none>"  # stands for None in a str parameter without a default, where an engine only has text
DEFAULT_TEXT = "<default>"  # stands for the default, where an engine cannot hold its text
_TRUE, _FALSE = ("true", "1", "yes", "y", "t", "on"), ("false", "0", "no", "n", "f", "off")


def decode(text: str) -> Dict[str, Any]:
    """Reads FLOWC_PARAMETERS: a JSON object, or the base64 of one. Raises ShimError."""
    try:
        if not text.lstrip().startswith("{"):
            import base64

            text = base64.b64decode(text, validate=True).decode("utf-8", "surrogatepass")
        parameters = json_text.loads(text)
        if isinstance(parameters, list):  # Argo's own list of parameters: [{"name": …, "value": …}]
            parameters = {entry["name"]: entry.get("value") for entry in parameters}
    except (ValueError, KeyError, TypeError):
        raise ShimError("FLOWC_PARAMETERS is neither a JSON object nor the base64 of one") from None
    if not isinstance(parameters, dict):
        raise ShimError("FLOWC_PARAMETERS is not a JSON object")
    return parameters


def convert(declared: List[Dict[str, Any]], texts: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns the value of every parameter, by name. Raises ShimError, which names all problems."""
    problems = [
        f"there is no parameter {name!r}" for name in texts if name not in {parameter["name"] for parameter in declared}
    ]
    values: Dict[str, Any] = {}
    for parameter in declared:
        name = parameter["name"]
        try:
            values[name] = _value(parameter, texts[name]) if name in texts else _missing(parameter)
        except ValueError as error:
            problems.append(f"parameter {name!r}: {error}")
    if problems:
        raise ShimError("; ".join(problems))
    return values


def in_step(parameter: Dict[str, Any], value: Any, function: Any = None, folder: str = "") -> Any:
    """Returns the value of `self.NAME`: split at the separator if there is one. An empty text stays as it is.

    `function` is the parameter's `type` if that is a function, and `folder` the folder of the flow's code here. Raises
    ShimError for a value that the function refuses.
    """
    form = parameter.get("form")
    if form is not None and form["made"]:
        from .parameter_forms import made

        try:
            return made(form, value, function, folder)
        except Exception as error:
            raise ShimError(f"parameter {parameter['name']!r}: {type(error).__name__}: {error}") from error
    if parameter["separator"] and isinstance(value, str) and value:
        return value.split(parameter["separator"])
    return value


def _missing(parameter: Dict[str, Any]) -> Any:
    if parameter["type"] == "file" and not parameter["required"]:
        from .included_file import default

        return default(parameter)
    form = parameter.get("form")
    if form is not None and form["container"]:
        return _of_container(parameter, form["container"])
    if parameter["has_default"]:
        return parameter["default"] if form is None else _formed(parameter, form, parameter["default"])
    if parameter["required"]:
        raise ValueError("a value is required")
    return None


def _of_container(parameter: Dict[str, Any], variable: str) -> Any:
    """Returns the value of a variable of this process, which stands for the default (`--env NAME=@runtime`)."""
    import os

    text = os.environ.get(variable)
    if text is None and parameter["has_default"]:
        return _formed(parameter, parameter["form"], parameter["default"])
    if text is None:
        raise ValueError(f"its default is the variable {variable!r}, which the environment of the first task lacks")
    return _value(parameter, text)


def _formed(parameter: Dict[str, Any], form: Dict[str, Any], raw: Any) -> Any:
    from .parameter_forms import convert

    return convert(form, parameter["type"], raw, _scalar)


def _value(parameter: Dict[str, Any], raw: Any) -> Any:
    kind, optional = parameter["type"], not parameter["has_default"] and not parameter["required"]
    if raw is None or (raw == DEFAULT_TEXT and parameter["has_default"]):
        return _missing(parameter)
    if optional and raw == (NONE_TEXT if kind == "str" else "null"):
        return _missing(parameter)
    form = parameter.get("form")
    return _scalar(kind, raw, parameter) if form is None else _formed(parameter, form, raw)


def _scalar(kind: str, raw: Any, parameter: Any = None) -> Any:
    """Returns a value of the type. `parameter` says what stands for JSON's null."""
    if kind == "str":
        if isinstance(raw, (dict, list)):
            raise ValueError("it must be text")
        if isinstance(raw, str):
            return raw
        import json

        return json.dumps(raw)
    if kind == "file":
        from .included_file import reference

        return reference(raw)
    if kind == "json":
        value = _json(raw) if isinstance(raw, str) else raw
        # as in Metaflow, where None means that no value was given
        return _missing(parameter) if value is None and parameter is not None else value
    if kind == "bool":
        return _bool(raw)
    return _number(kind, raw)


def _json(text: str) -> Any:
    try:
        return json_text.loads(text)
    except ValueError:
        raise ValueError(f"{text!r} is not valid JSON") from None


def _number(kind: str, raw: Any) -> Any:
    wrong = ValueError(f"{raw!r} is not a {'whole number' if kind == 'int' else 'number'}")
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise wrong
    try:
        value = float(raw) if kind == "float" else int(raw)
    except (ValueError, OverflowError):
        raise wrong from None
    if isinstance(raw, float) and value != raw and raw == raw:
        raise wrong
    return value


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(f"{value!r} is neither true nor false")

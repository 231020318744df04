"""Values of parameters with a form: choices, ranges, several values, dates (docs/shim.md, Parameters).

`convert` returns what run.json holds, which is plain data. `made` returns what steps see.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    Scalar = Callable[[str, Any], Any]  # (a type's name, a text or value) → the value

_CHECKS = {"readable": (os.R_OK, "cannot be read"), "writable": (os.W_OK, "cannot be written")}


def convert(form: Dict[str, Any], kind: str, raw: Any, scalar: Scalar) -> Any:
    """Returns the value of a text, or of a value that already has its type. Raises ValueError."""
    if not form["items"]:
        return checked(form, scalar(kind, raw))
    several = _listed(raw)
    count = form["count"]
    if not form["is_repeated"]:
        return _row(form, several, scalar)
    if count == 1:
        return [checked(form, scalar(form["items"][0], item)) for item in several]
    if several and not any(isinstance(item, list) for item in several):  # words of a variable
        if len(several) % count:
            raise ValueError(f"it needs {count} values at a time, not {len(several)}")
        several = [several[at : at + count] for at in range(0, len(several), count)]
    return [_row(form, _listed(item), scalar) for item in several]


def checked(form: Dict[str, Any], value: Any) -> Any:
    """Returns one value, as the form has it. Raises ValueError if it is not allowed."""
    if value is None:
        return None
    if form["choices"]:
        return _choice(form, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _in_range(form, value)
    if form["path"]:
        return _path(form["path"], str(value))
    if form["made"] in ("datetime", "uuid"):
        _one(form, value, None)
    return value


def made(form: Dict[str, Any], value: Any, function: Optional[Callable[[Any], Any]] = None, folder: str = "") -> Any:
    """Returns the value of `self.NAME`.

    `function` is the parameter's `type` if that is a function, and `folder` the folder of the flow's code here.
    """
    if value is None:
        return None
    if form["made"] in ("place", "place_path"):
        return _placed(form["made"], value, folder)
    if not form["items"]:
        return _one(form, value, function)
    if form["is_repeated"] and form["count"] > 1:
        return tuple(tuple(_one(form, item, function) for item in row) for row in value)
    return tuple(_one(form, item, function) for item in value)


def _listed(raw: Any) -> List[Any]:
    """Returns the values of a list, of its JSON text, or of the words of a variable."""
    if isinstance(raw, (list, tuple)):
        return list(raw)
    text = str(raw)
    if text.lstrip().startswith("["):
        import json

        try:
            listed = json.loads(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a list in JSON") from None
        return list(listed)
    return list(text.split())


def _row(form: Dict[str, Any], several: List[Any], scalar: Scalar) -> List[Any]:
    if several and form["count"] and len(several) != form["count"]:
        raise ValueError(f"it needs {form['count']} values, not {len(several)}")
    items = form["items"] if len(form["items"]) > 1 else form["items"] * len(several)
    return [checked(form, item if kind == "any" else scalar(kind, item)) for kind, item in zip(items, several)]


def _choice(form: Dict[str, Any], value: Any) -> Any:
    for choice in form["choices"]:
        if value == choice or (form["any_case"] and str(value).casefold() == choice.casefold()):
            return choice
    listed = ", ".join(repr(choice) for choice in form["choices"])
    raise ValueError(f"{value!r} is not one of {listed}")


def _in_range(form: Dict[str, Any], value: Any) -> Any:
    least, most = form["least"], form["most"]
    if least is not None and value < least:
        if form["is_clamped"]:
            return type(value)(least)
        raise ValueError(f"{value!r} is less than {least!r}")
    if most is not None and value > most:
        if form["is_clamped"]:
            return type(value)(most)
        raise ValueError(f"{value!r} is more than {most!r}")
    return value


def _path(must_be: List[str], path: str) -> str:
    found = os.path.realpath(path) if "absolute" in must_be else path
    if not os.path.exists(found):
        if "exists" in must_be:
            raise ValueError(f"the path {path!r} does not exist where the first task runs")
        return found
    if "file" in must_be and os.path.isdir(found):
        raise ValueError(f"{path!r} is a folder, not a file")
    if "folder" in must_be and not os.path.isdir(found):
        raise ValueError(f"{path!r} is a file, not a folder")
    for check, (mode, problem) in _CHECKS.items():
        if check in must_be and not os.access(found, mode):
            raise ValueError(f"the path {path!r} {problem}")
    return found


def _placed(kind: str, text: str, folder: str) -> Any:
    """Returns the path with the folders of this task in it."""
    path = os.path.expanduser(text.replace("{flow}", folder).replace("{current}", os.getcwd()))
    if kind == "place":
        return path
    from pathlib import Path

    return Path(path)


def _one(form: Dict[str, Any], value: Any, function: Optional[Callable[[Any], Any]]) -> Any:
    kind = form["made"]
    if kind == "call":
        return function(value) if function is not None else value
    if kind == "path":
        from pathlib import Path

        return Path(value)
    if kind == "uuid":
        from uuid import UUID

        try:
            return UUID(value)
        except (ValueError, AttributeError):
            raise ValueError(f"{value!r} is not a UUID") from None
    if kind == "datetime":
        from datetime import datetime

        for form_text in form["formats"]:
            try:
                return datetime.strptime(value, form_text)
            except ValueError:
                continue
        raise ValueError(f"{value!r} is not a date of the form {' or '.join(form['formats'])}")
    return value

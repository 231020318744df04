"""Computes defaults that are functions, once when a run starts here, as Metaflow does.

This happens in a process that ends before the run begins.
"""

from __future__ import annotations

import json
import os
import sys

from ..contract.errors import ShimError
from ..contract.graph import attributes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

_EXACT = {"bool": bool, "int": int, "float": float}


class Context:
    """The argument of a deploy-time function (Metaflow's documentation, ParameterContext)."""

    def __init__(self, flow_name: str, user_name: str, parameter_name: str, ds_type: str, configs: Any) -> None:
        self.flow_name, self.user_name, self.parameter_name, self.ds_type = (
            flow_name,
            user_name,
            parameter_name,
            ds_type,
        )
        self.configs = configs

    def logger(self, *values: Any, **_: Any) -> None:
        print(*values, file=sys.stderr)


def computed(
    folder: str, flow: Dict[str, Any], parameters: List[Dict[str, Any]], user: str, ds_type: str
) -> Dict[str, Any]:
    """Returns the results of the parameters' functions, by parameter. `flow` is the IR's, `folder` that of its source.

    Must be called while the process has one thread. Raises ShimError, which names every parameter whose function fails
    or returns a wrong type.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.close(reading)
            os.dup2(2, 1)  # output of user code is not this command's output
            answer = json.dumps(_called(folder, flow, parameters, user, ds_type))
            with os.fdopen(writing, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(answer)
            code = 0
        except BaseException as error:
            from ..task import failure

            failure.print_traceback(error)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="surrogatepass") as file:
        text = file.read()
    os.waitpid(pid, 0)
    if not text:
        raise ShimError("the flow cannot be imported, so the functions that compute defaults cannot be called")
    values, problems = json.loads(text)
    if problems:
        raise ShimError("; ".join(problems))
    return dict(values)


def _called(
    folder: str, flow: Dict[str, Any], parameters: List[Dict[str, Any]], user: str, ds_type: str
) -> Tuple[Dict[str, Any], List[str]]:
    from ..config import ConfigValue, of_flow
    from ..user_code.flow_module import load_flow

    sys.stdout = sys.stderr
    flow_class = load_flow(folder, flow)
    configs = ConfigValue(of_flow(flow))
    _set_current(flow, user)
    values: Dict[str, Any] = {}
    problems: List[str] = []
    for parameter in parameters:
        name = parameter["name"]
        function = getattr(flow_class, parameter["attribute"]).kwargs["default"]
        if not callable(function):  # an expression that only Python can evaluate
            _add(parameter, function, values, problems)
            continue
        try:
            value = function(Context(flow["name"], user, name, ds_type, configs))
        except Exception as error:
            from ..task import failure

            failure.print_traceback(error)
            problems.append(f"parameter {name!r}: the function for its default failed: {type(error).__name__}: {error}")
            continue
        if _is_of(parameter["type"], value):
            values[name] = value
        else:
            wanted_type = "text" if parameter["type"] in ("str", "file") else parameter["type"]
            problems.append(
                f"parameter {name!r}: the function for its default returned {type(value).__name__}, not {wanted_type}"
            )
    return values, problems


def _add(parameter: Dict[str, Any], value: Any, values: Dict[str, Any], problems: List[str]) -> None:
    """Adds the value of a default that the compiler could not evaluate."""
    value = os.fspath(value) if isinstance(value, os.PathLike) else value
    if value is None or _is_of(parameter["type"], value) or isinstance(value, (bool, int, float, list, dict, tuple)):
        kind = type(value).__name__
        if parameter["type"] == "str" and value is not None and not isinstance(value, str):
            problems.append(f"parameter {parameter['name']!r}: its default is of type {kind}; declare `type={kind}`")
        elif value is not None:
            values[parameter["name"]] = value
        return
    problems.append(
        f"parameter {parameter['name']!r}: its default is of type {type(value).__name__}, which a run cannot be given"
    )


def _set_current(flow: Dict[str, Any], user: str) -> None:
    """Sets the part of `current` that is known before a run begins: the flow, and its project."""
    from ..api.current import current

    project = attributes_of(flow["decorators"], "project")
    facts: Dict[str, Any] = {"flow_name": flow["name"], "username": user}
    if project is not None:
        from ..contract.project import place

        facts.update(place(project, flow["name"], user))
    current._set(**facts)


def _is_of(type_name: str, value: Any) -> bool:
    """Returns True if the value has the declared type.

    As in Metaflow, the type must match exactly, and other types are text. JSON may be text or any JSON value.
    """
    if type_name in _EXACT:
        return type(value) is _EXACT[type_name]
    if type_name != "json":
        return isinstance(value, str)
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True

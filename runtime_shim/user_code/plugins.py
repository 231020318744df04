"""Decorators of plug-ins in a task: their names can be imported, and their code runs around the step.

The compiler has read what they mean (`compiler/decorators/_plugins.py`). The generator `around(step_name, flow, inputs,
attributes)` of a plug-in's file runs like one that `@user_step_decorator` marks.
"""

from __future__ import annotations

import os
import sys

from ..api.markers import marker
from ..contract.errors import ShimError
from ..contract.plugins import given, imported, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Mapping

    from ..contract.graph import Graph


def know(names: Mapping[str, str]) -> None:
    """Makes each plug-in's decorator importable under its qualified name. A package that is not here is made for it."""
    from ..api import names as api

    for qualified, name in names.items():
        module = qualified.rpartition(".")[0]
        if name not in api.__dict__:
            setattr(api, name, marker(name))
        if module.partition(".")[0] not in ("metaflow", "flowc"):
            setattr(_module(module), name, api.__dict__[name])
        for package in ("metaflow", "flowc"):
            if package in sys.modules:
                setattr(sys.modules[package], name, api.__dict__[name])


def _module(name: str) -> Any:
    """Returns the module, which holds nothing if neither the image nor the code package has it."""
    home, _, last = name.rpartition(".")
    parent = _module(home) if home else None
    if name not in sys.modules:
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            made: Any = type(sys)(name, "A package of decorators of flowc's plug-ins, which only mark.")
            made.__path__ = []
            sys.modules[name] = made
    if parent is not None:
        setattr(parent, last, sys.modules[name])
    return sys.modules[name]


def around(graph: Graph, step: str) -> List[Any]:
    """Returns what plug-ins run around the step, the innermost first, as `user_decorators.run` takes it."""
    names = set(imported(graph.flow).values())
    if not names:
        return []
    decorators = [*graph.flow["decorators"], *graph.step(step)["decorators"]]
    return _wrappers(graph, [each for each in reversed(decorators) if each["name"] in names])


def _wrappers(graph: Graph, decorators: Iterable[Dict[str, Any]]) -> List[Any]:
    from .user_decorators import user_step_decorator

    files = {item["name"] for item in graph.flow["inputs"] if item["kind"] == "file"}
    paths = {} if graph.folder else given()
    wrappers = []
    for decorator in decorators:
        name = decorator["name"]
        if place_of(name) not in files:
            continue
        path = os.path.join(graph.folder, *place_of(name).split("/")) if graph.folder else paths.get(name, "")
        function = _functions(name, path).get("around")
        if function is None:
            raise ShimError(f"the file of the plug-in `{name}` has no `around`")
        wrappers.append(user_step_decorator(function)(**decorator["attributes"]))
    return wrappers


def _functions(name: str, path: str) -> Dict[str, Any]:
    """Runs the plug-in's file as a module of its own, once, and returns its names."""
    module_name = f"flowc_plugins.{name}"
    module: Any = sys.modules.get(module_name)
    if module is None:
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise ShimError(
                f"the code package has no file of the plug-in `{name}`, which runs around a step: {error}"
            ) from None
        module = type(sys)(module_name)
        module.__file__ = path
        sys.modules[module_name] = module
        try:
            exec(compile(data, path, "exec"), module.__dict__)
        except BaseException:
            del sys.modules[module_name]
            raise
    found: Dict[str, Any] = module.__dict__
    return found

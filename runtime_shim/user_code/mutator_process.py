"""`python -m flowc.runtime_shim.user_code.mutator_process`: the process that runs the flow's own code during a compile.

A request is a JSON object on standard input. The answer is one on the file descriptor that the request names. Output of
the user's code goes to standard error. With `"alone"` the process has no network, and its time and memory are limited.

    {"do": "mutate", "folder": …, "file": …, "class": …, "flow": {"configs": […]}, "decorators": {…}, "attach": […],
     "answer": 3, "alone": true}
    {"do": "evaluate", …, "config": NAME, "what": "parser" | "default", "text": …}

Answers: `{"flow": […], "steps": {…}, "parameters": [...]}`, `{"value": …, "literal": …}` or `{"error": …}`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, List, Tuple

SECONDS = 60  # of processor time
BYTES = 8 << 30  # of address space


class _Odd(Exception):
    """Raised for a value that is not data."""


def main() -> int:
    request = json.loads(sys.stdin.buffer.read())
    answer_to = int(request["answer"])
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        if request["alone"]:
            _seclude()
        answer = {"mutate": _mutate, "evaluate": _evaluate}[request["do"]](request)
    except BaseException as error:  # includes SystemExit: nothing that the user's code does must look like an answer
        from ..task import failure

        failure.print_traceback(error)
        answer = {"error": f"{type(error).__name__}: {error}"}
    with os.fdopen(answer_to, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    sys.stderr.flush()
    os._exit(0)


def _seclude() -> None:
    """Cuts off the network, and limits time and memory.

    It uses a network namespace where the system allows one, and always disables sockets in Python.
    """
    import resource
    import socket

    try:
        import ctypes

        # CLONE_NEWUSER, CLONE_NEWNET; fails where it is not allowed
        ctypes.CDLL(None, use_errno=True).unshare(0x10000000 | 0x40000000)
    except (OSError, AttributeError):
        pass

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError("code that runs when a flow is compiled has no network access")

    class Socket(socket.socket):
        connect = connect_ex = sendto = bind = refuse

    socket.socket = Socket  # type: ignore[misc]
    socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
    for kind, limit in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, BYTES)):
        hard = resource.getrlimit(kind)[1]
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (bound, hard))


def _flow_class(request: Dict[str, Any]) -> Any:
    from ..contract.plugins import imported
    from . import mutators
    from .flow_module import import_flow

    mutators.know(request["decorators"])
    plugins = imported(request["flow"])
    return import_flow(request["folder"], request["file"], request["class"], plugins=plugins)


def _mutate(request: Dict[str, Any]) -> Dict[str, Any]:
    from .. import config
    from . import mutators

    cls = _flow_class(request)
    values = config.of_flow(request["flow"])
    own = [mutators.noted(base) for base in cls.__mro__ if "_flowc_written" in base.__dict__]
    lists = [*own, *(mutators.noted(step) for _, step in mutators._Flow(cls, values).steps())]
    before = {}
    for one in lists:
        for index, decorator in enumerate(reversed(one)):
            decorator.place = index
            before[id(decorator)] = decorator
    place = sum(map(len, own))
    for one in own:  # decorators of the flow: bases first, and each class from the top, as the compiler reads them
        place -= len(one)
        for index, decorator in enumerate(reversed(one)):
            decorator.place = place + index
    parameters = dict(mutators._Flow(cls, values).parameters())
    texts = {}

    def remember() -> None:
        texts.update({number: _text(value.attributes) for number, value in before.items()})

    flow = mutators.apply(cls, values, remember, request["attach"])

    def decorators(several: List[Any]) -> List[Dict[str, Any]]:
        described = []
        for decorator in several:
            kept = id(decorator) in before and texts[id(decorator)] == _text(decorator.attributes)
            described.append(
                {
                    "name": decorator.name,
                    "place": decorator.place if kept else -1,
                    "attributes": {} if kept else _data(decorator.attributes, decorator.name),
                }
            )
        return described

    after = dict(flow.parameters())
    return {
        "flow": decorators(flow.decorators),
        "steps": {
            name: {
                "decorators": decorators(mutators.noted(step)),
                "wrappers": [mutators.spec_of(wrapper)[1] for wrapper in getattr(step, "wrappers", ())],
            }
            for name, step in flow.steps()
        },
        "parameters": [
            {
                "attribute": attribute,
                "kept": parameters.get(attribute) is value,
                **_parameter(value, parameters.get(attribute) is value),
            }
            for attribute, value in after.items()
        ],
        "files": _files(flow),
        "mutators": [mutators.full_name(mutator) for mutator in _mutators(flow)],
    }


def _type(kind: Any) -> Any:
    """Returns one of click's types as data, "call" for another function, or a text that is no type."""
    from .click_data import data_of

    if isinstance(kind, (tuple, list)):
        return {"click": "Tuple", "arguments": [[each.__name__ for each in kind]], "named": {}}
    data = data_of(kind)
    if data is not None:
        return data
    return "call" if callable(kind) and kind not in (bytes, bytearray) else repr(kind)


def _files(flow: Any) -> Dict[str, str]:
    """Returns the files that mutators add to the code package: path in the package → path of the file here.

    They come from `add_to_package`, as in Metaflow.
    """
    from .packaging import in_package

    paths: Dict[str, str] = {}
    for mutator in _mutators(flow):
        for file in mutator.add_to_package() or ():
            for name, path in in_package(file):
                if paths.setdefault(name, path) != path:
                    raise _Odd(
                        f"{type(mutator).__name__} adds {path} to the code package as {name}, but {paths[name]} "
                        "already has that name"
                    )
    return paths


def _mutators(flow: Any) -> List[Any]:
    """Returns the mutators of the flow and of its steps, each once."""
    from .mutators import step_mutators

    mutators = (*flow.mutators, *(mutator for _, step in flow.steps() for mutator in step_mutators(step)))
    return list({id(mutator): mutator for mutator in mutators}.values())


def _parameter(parameter: Any, kept: bool) -> Dict[str, Any]:
    from .. import config

    if kept:
        return {"name": parameter.name, "options": {}}
    options = config.resolve(dict(parameter.kwargs))
    kind = options.pop("type", None)
    named = {str: "str", int: "int", float: "float", bool: "bool", list: "json", dict: "json"}
    if kind is not None:
        options["type"] = named.get(kind) or ("json" if type(kind).__name__ == "JSONTypeClass" else _type(kind))
    return {"name": parameter.name, "options": _data(options, f"Parameter {parameter.name}")}


def _text(value: Any) -> str:
    return json.dumps(value, default=lambda other: f"<{type(other).__name__} {id(other)}>", sort_keys=True)


def _data(value: Any, place: str) -> Any:
    """Returns the value in the types of JSON."""
    if isinstance(value, dict):
        return {str(key): _data(item, place) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_data(item, place) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_data(item, place) for item in value), key=repr)
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise _Odd(f"{place} has a value of type {type(value).__name__}, which no spec can hold")


def _evaluate(request: Dict[str, Any]) -> Dict[str, Any]:
    from .. import config

    cls = _flow_class(request)
    declared = next(
        attribute for name in dir(cls) if isinstance(attribute := getattr(cls, name, None),
        config.Config) and attribute.name == request["config"]
    )  # fmt: skip
    if request["what"] == "parser":
        parser = declared._parser
        if isinstance(parser, str):
            import importlib

            parser = getattr(importlib.import_module(parser.rpartition(".")[0]), parser.rpartition(".")[2])
        value = parser(request["text"])
    else:
        function = declared._default if declared._default is not None else declared._default_value
        value = function(_context(cls, declared))
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return {"literal": _literal(value)}


def _context(cls: Any, config: Any) -> Any:
    import types

    user = os.environ.get("METAFLOW_USER") or os.environ.get("USER") or ""
    return types.SimpleNamespace(
        flow_name=cls.__name__,
        user_name=user,
        parameter_name=config.name,
        logger=lambda *_, **__: None,
        ds_type="local",
        configs=None,
    )


def _literal(value: Any) -> str:
    """Returns a Python literal, which `ast.literal_eval` reads."""
    import ast
    from collections.abc import Mapping

    def plain(item: Any) -> Any:
        if isinstance(item, Mapping):
            return {plain(key): plain(one) for key, one in item.items()}
        if type(item) in (list, tuple, set):
            return type(item)(plain(one) for one in item)
        if item is None or type(item) in (bool, int, float, str, bytes):
            return item
        kinds: Tuple[Any, ...] = (bool, int, float, str)
        for kind in kinds:
            if isinstance(item, kind):
                return kind(item)
        raise _Odd(f"a value of type {type(item).__name__} cannot be stored with the code")

    text = ascii(plain(value))
    ast.literal_eval(text)
    return text


if __name__ == "__main__":
    sys.exit(main())

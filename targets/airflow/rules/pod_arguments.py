"""Finds pods in a DAG file that Kubernetes would refuse during a run, for a name, a key or the path of a mount.

It checks the arguments of KubernetesPodOperator and of its subclasses, those of the file's own function `pod`, and the
values that `pod` returns. It skips values that are computed, or that Jinja fills in later.
"""

from __future__ import annotations

import ast

from flowc.compiler.rules.kubernetes_names import is_namespace
from flowc.targets.shared.kubernetes_objects import field_problems
from flowc.targets.shared.mounts import hiding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    Problem: TypeAlias = tuple[int, str]

OPERATOR, POD = "KubernetesPodOperator", "pod"
XCOM = "/airflow/xcom"  # a volume that Airflow adds to a pod which returns something
_ARGUMENTS = {
    "service_account_name": "serviceAccountName", "node_selector": "nodeSelector",
    "labels": "labels", "annotations": "annotations",
}  # fmt: skip


def pod_rules(tree: ast.Module) -> Iterator[Problem]:
    """Yields the line and message of each problem."""
    operators = _operators(tree)
    if not operators:
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    of_pods = [node for node in calls if _name(node.func) in operators]
    makers = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == POD]
    pod_calls = [node for node in calls if _name(node.func) == POD]
    seen: set[int] = set()
    templates = [node.value for call in of_pods for node in call.keywords if node.arg == "pod_template_dict"]
    for part in (*makers, *pod_calls, *templates):
        for node in ast.walk(part):
            if isinstance(node, ast.Dict) and id(node) not in seen:
                seen.add(id(node))
                yield from _fields(node)
    for node in calls:
        for argument in node.keywords:
            if node in of_pods and argument.arg in _ARGUMENTS:
                yield from _of_field(_ARGUMENTS[argument.arg], argument.value)
            elif argument.arg == "namespace" and node in of_pods:
                yield from _of_namespace(argument.value)
            elif argument.arg == "default_args" and isinstance(argument.value, ast.Dict):
                for key, value in zip(argument.value.keys, argument.value.values):
                    if isinstance(key, ast.Constant) and key.value == "namespace":
                        yield from _of_namespace(value)
    shared = _shared_mounts(makers)
    for node in pod_calls:
        yield from _mounts(node, shared)


def _operators(tree: ast.Module) -> set[str]:
    """Returns the file's names for the operator and its subclasses."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names if alias.name == OPERATOR}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(_name(base) in names for base in node.bases):
            names.add(node.name)
    return names


def _name(node: ast.expr) -> str:
    """Returns the name that is called, also by `.partial`; "" for anything else."""
    if isinstance(node, ast.Attribute) and node.attr == "partial":
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _fields(node: ast.Dict) -> Iterator[Problem]:
    for key, value in zip(node.keys, node.values):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield from _of_field(key.value, value)


def _of_field(name: str, value: ast.expr) -> Iterator[Problem]:
    for _, message in field_problems(name, _data(value), name):
        yield value.lineno, f"`{name}`: {message}"


def _of_namespace(node: ast.expr) -> Iterator[Problem]:
    text = _data(node)
    if isinstance(text, str) and text and "{{" not in text and not is_namespace(text):
        yield node.lineno, f"{text!r} is not a valid namespace name"


def _shared_mounts(makers: list[ast.FunctionDef]) -> tuple[str, ...]:
    """Returns the paths at which the function `pod` mounts volumes in every pod."""
    return tuple(
        mount["mountPath"]
        for maker in makers
        for node in ast.walk(maker)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values)
        if isinstance(key, ast.Constant) and key.value == "volumeMounts"
        for mount in _dicts(_data(value), "mountPath")
    )


def _mounts(call: ast.Call, shared: tuple[str, ...]) -> Iterator[Problem]:
    """Checks the mounts that one step adds to those of the function `pod`."""
    arguments = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if "mounts" not in arguments:
        return
    volumes = _dicts(_data(arguments["volumes"]), "name") if "volumes" in arguments else []
    for path, why in hiding(_dicts(_data(arguments["mounts"]), "mountPath"), volumes, (*shared, XCOM)):
        yield arguments["mounts"].lineno, f"a volume cannot be mounted at {path!r}: {why}"


def _dicts(value: Any, needed: str) -> list[dict[str, Any]]:
    """Returns the dicts of a list that have a text under the key."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get(needed), str)]


def _data(node: ast.expr) -> Any:
    """Returns the literal parts of the value as plain data; None for a computed value."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Dict):
        data: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values):
            inner = _data(value)
            if key is None:
                data.update(inner if isinstance(inner, dict) else {})
            elif isinstance(key, ast.Constant):
                data[key.value] = inner
        return data
    if isinstance(node, (ast.List, ast.Tuple)):
        items: list[Any] = []
        for element in node.elts:
            inner = _data(element.value if isinstance(element, ast.Starred) else element)
            if not isinstance(element, ast.Starred):
                items.append(inner)
            elif isinstance(inner, list):
                items += inner
        return items
    return None

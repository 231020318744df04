"""Finds in a DAG file the pods that Kubernetes would refuse in the middle of a run, for a name, a key or where a volume is mounted.

It looks at arguments of KubernetesPodOperator and of classes derived from it, at those of the file's own function `pod`, and at
what that function returns. It passes over a value that is computed, or that Jinja is yet to fill in.
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
    "service_account_name": "serviceAccountName", "node_selector": "nodeSelector", "labels": "labels", "annotations": "annotations",
}  # fmt: skip


def pod_rules(tree: ast.Module) -> Iterator[Problem]:
    """Yields the line and message of each problem."""
    operators = _operators(tree)
    if not operators:
        return
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    of_pods = [each for each in calls if _name(each.func) in operators]
    makers = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == POD]
    made = [each for each in calls if _name(each.func) == POD]
    seen: set[int] = set()
    templates = [each.value for call in of_pods for each in call.keywords if each.arg == "pod_template_dict"]
    for part in (*makers, *made, *templates):
        for each in ast.walk(part):
            if isinstance(each, ast.Dict) and id(each) not in seen:
                seen.add(id(each))
                yield from _fields(each)
    for each in calls:
        for argument in each.keywords:
            if each in of_pods and argument.arg in _ARGUMENTS:
                yield from _of_field(_ARGUMENTS[argument.arg], argument.value)
            elif argument.arg == "namespace" and each in of_pods:
                yield from _of_namespace(argument.value)
            elif argument.arg == "default_args" and isinstance(argument.value, ast.Dict):
                for key, value in zip(argument.value.keys, argument.value.values):
                    if isinstance(key, ast.Constant) and key.value == "namespace":
                        yield from _of_namespace(value)
    shared = _shared_mounts(makers)
    for each in made:
        yield from _mounts(each, shared)


def _operators(tree: ast.Module) -> set[str]:
    """The names of the file by which pods are made: the operator's, and those of classes derived from it."""
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    found = {alias.asname or alias.name for each in imports for alias in each.names if alias.name == OPERATOR}
    for each in tree.body:
        if isinstance(each, ast.ClassDef) and any(_name(base) in found for base in each.bases):
            found.add(each.name)
    return found


def _name(node: ast.expr) -> str:
    """The name that is called, also by `.partial`; "" for anything else."""
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
        yield node.lineno, f"{text!r} cannot be the name of a namespace"


def _shared_mounts(makers: list[ast.FunctionDef]) -> tuple[str, ...]:
    """Where the function `pod` mounts volumes in every pod."""
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
    """The mounts that one step adds to those of the function `pod`."""
    given = {each.arg: each.value for each in call.keywords if each.arg}
    if "mounts" not in given:
        return
    volumes = _dicts(_data(given["volumes"]), "name") if "volumes" in given else []
    for path, why in hiding(_dicts(_data(given["mounts"]), "mountPath"), volumes, (*shared, XCOM)):
        yield given["mounts"].lineno, f"no volume can be mounted at {path!r}: {why}"


def _dicts(value: Any, needed: str) -> list[dict[str, Any]]:
    """The dicts of a list that have a text under the key."""
    several = value if isinstance(value, list) else []
    return [each for each in several if isinstance(each, dict) and isinstance(each.get(needed), str)]


def _data(node: ast.expr) -> Any:
    """The value as plain data, without what is not written out; None for what is computed."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Dict):
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values):
            inner = _data(value)
            if key is None:
                found.update(inner if isinstance(inner, dict) else {})
            elif isinstance(key, ast.Constant):
                found[key.value] = inner
        return found
    if isinstance(node, (ast.List, ast.Tuple)):
        items: list[Any] = []
        for each in node.elts:
            inner = _data(each.value if isinstance(each, ast.Starred) else each)
            if not isinstance(each, ast.Starred):
                items.append(inner)
            elif isinstance(inner, list):
                items += inner
        return items
    return None

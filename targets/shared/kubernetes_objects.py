"""Finds names in a manifest that Kubernetes would refuse only when it creates the pods, during a run."""

from __future__ import annotations

from flowc.compiler.rules.kubernetes_names import is_key, is_label, is_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    Problem: TypeAlias = tuple[str, str]

_NAMES = {"serviceAccountName": "a service account", "claimName": "a PersistentVolumeClaim"}
_REFERENCES = {"secretRef": "a Secret", "secretKeyRef": "a Secret", "configMapRef": "a ConfigMap"}


def pod_problems(value: Any, place: str) -> Iterator[Problem]:
    """Yields each invalid name and path in the value, a part of a manifest of Argo. Texts with `{{` are skipped."""
    waiting = [(place, value)]
    while waiting:
        where, part = waiting.pop()
        if isinstance(part, list):
            waiting += [(f"{where}[{index}]", inner) for index, inner in enumerate(part)]
        elif isinstance(part, dict):
            for name, inner in part.items():
                yield from field_problems(name, inner, f"{where}.{name}")
                waiting.append((f"{where}.{name}", inner))


def field_problems(name: str, value: Any, place: str) -> Iterator[Problem]:
    """Yields the problems of the value of one field of that name, but not of the fields in it."""
    if name in ("labels", "annotations", "nodeSelector") and isinstance(value, dict):
        for key, text in value.items():
            if not _is_open(key) and not is_key(key.lower() if name == "annotations" else key):
                yield place, f"{key!r} is not a valid key here"
            if name != "annotations" and isinstance(text, str) and not _is_open(text) and not is_label(text):
                yield f"{place}[{key!r}]", f"{text!r} is not a valid label value"
    elif name in _NAMES:
        yield from _of_name(value, place, _NAMES[name])
    elif name in _REFERENCES and isinstance(value, dict):
        yield from _of_name(value.get("name"), f"{place}.name", _REFERENCES[name])
    elif name == "imagePullSecrets" and isinstance(value, list):
        for index, reference in enumerate(value):
            secret = reference.get("name") if isinstance(reference, dict) else None
            yield from _of_name(secret, f"{place}[{index}].name", "a Secret")
    elif name == "volumeMounts" and isinstance(value, list):
        paths = [
            mount["mountPath"].rstrip("/")
            for mount in value
            if isinstance(mount, dict) and isinstance(mount.get("mountPath"), str)
        ]
        for path in sorted({path for path in paths if paths.count(path) > 1}):
            yield place, f"two volumes are mounted at {path!r}"
    elif name == "podSpecPatch" and isinstance(value, str) and not _is_open(value):
        import json

        try:
            yield from pod_problems(json.loads(value), place)
        except ValueError:
            pass  # it may also be YAML, which is not checked


def _of_name(value: Any, place: str, what: str) -> Iterator[Problem]:
    if isinstance(value, str) and value and not _is_open(value) and not is_object(value):
        yield place, f"{value!r} is not a valid name of {what}"


def _is_open(text: str) -> bool:
    return "{{" in text

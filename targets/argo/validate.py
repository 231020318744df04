"""Finds the problems that Argo's API and controller would find in a manifest, without a cluster.

Shapes are checked against Argo's own JSON schema (`schema/`), made as strict as the API server is with the full CRDs:
an unknown field is an error. Then come the rules of `argo lint` that no schema can express: every referenced template,
parameter and task exists, `depends` is valid and has no cycle, and every `{{…}}` names something that exists. Source:
Argo's documentation, "Fields", "Enhanced depends logic", "Workflow variables".
"""

from __future__ import annotations

from functools import cache

from flowc.targets.target import Finding

from .rules.references import document_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

KINDS = ("WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Workflow")
# Kinds of Argo that are not checked.
OTHERS = ("WorkflowEventBinding", "WorkflowTaskSet", "WorkflowTaskResult", "Sensor", "EventSource", "EventBus")
SCHEMA = "argo-workflows-3.7.json"


def recognises(name: str, text: str) -> bool:
    """Returns True for a YAML or JSON file with objects of Argo's API."""
    return name.endswith((".yaml", ".yml", ".json")) and "argoproj.io/" in text and any(kind in text for kind in KINDS)


def validate(name: str, text: str) -> Iterator[Finding]:
    """Yields every problem of the file."""
    import yaml

    try:
        documents = [document for document in yaml.load_all(text, _loader()) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        yield Finding(
            name,
            f"line {mark.line + 1}" if mark else "",
            f"this is not YAML: {getattr(error, 'problem', None) or error}",
        )
        return
    if not documents:
        yield Finding(name, "", "the file contains no object")
    templates = {
        _name(document): document
        for document in documents
        if isinstance(document, dict) and document.get("kind") == "WorkflowTemplate"
    }
    for index, document in enumerate(documents):
        where = f"[{index}]." if len(documents) > 1 else ""
        for place, message in _problems(document, templates):
            yield Finding(name, where + place, message)


def _problems(document: Any, templates: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(document, dict):
        yield "$", "must be an object"
        return
    kind = document.get("kind")
    if kind not in KINDS and (kind in OTHERS or "argoproj.io" not in str(document.get("apiVersion"))):
        return  # an object of another API in the same file
    if kind not in KINDS:
        yield "kind", f"must be one of {', '.join(KINDS)}, not {kind!r}"
        return
    if document.get("apiVersion") != "argoproj.io/v1alpha1":
        yield "apiVersion", f"must be 'argoproj.io/v1alpha1', not {document.get('apiVersion')!r}"
    has_shape = True
    for place, message in _shape(document, kind):
        has_shape = False
        yield place, message
    if has_shape:  # the other rules rely on it
        yield from document_problems(document, templates)


@cache
def _validator(kind: str) -> Any:
    """Returns the validator of a kind, cached with the references that it has resolved."""
    import jsonschema

    schema = _schema()
    definition = {
        "$schema": schema["$schema"],
        "$ref": f"#/definitions/io.argoproj.workflow.v1alpha1.{kind}",
        "definitions": schema["definitions"],
    }
    return jsonschema.Draft202012Validator(definition)


def _shape(document: Any, kind: str) -> Iterator[tuple[str, str]]:
    for error in sorted(
        _validator(kind).iter_errors(document), key=lambda failure: [str(part) for part in failure.absolute_path]
    ):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(
            "."
        )
        yield place or "$", error.message if len(error.message) < 300 else error.message[:297] + "..."


@cache
def _schema() -> Any:
    import json
    import os

    with open(os.path.join(os.path.dirname(__file__), "schema", SCHEMA), encoding="utf-8") as file:
        return json.load(file)


def _name(document: Any) -> str:
    metadata = document.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else ""


@cache
def _loader() -> Any:
    """Returns a loader that, like Kubernetes', refuses duplicate keys."""
    import yaml

    fastest: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(fastest):  # type: ignore[misc]  # the base is known only at run time
        pass

    def mapping(loader: Any, node: Any) -> Any:
        loader.flatten_mapping(node)
        data: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} must be text", key_node.start_mark
                )
            if key in data:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            data[key] = loader.construct_object(value_node, deep=True)
        return data

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return Loader

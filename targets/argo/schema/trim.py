"""Trims Argo's own JSON schema to what `validate.py` needs: `trim.py SCHEMA.json > argo-workflows-VERSION.json`.

SCHEMA.json is `api/jsonschema/schema.json` of the Argo Workflows release (Apache License 2.0). The result keeps the
definitions that the four kinds refer to, without descriptions. It forbids unknown fields, as the API server's CRDs do.
"""

from __future__ import annotations

import json
import sys
from typing import Any

KINDS = ("ClusterWorkflowTemplate", "CronWorkflow", "Workflow", "WorkflowTemplate")
PREFIX = "#/definitions/"
# The schema says text; the API accepts a number or text.
LOOSE = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}


def trimmed(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns the part of the schema that `validate.py` needs."""
    definitions: dict[str, Any] = {}
    waiting = [f"io.argoproj.workflow.v1alpha1.{kind}" for kind in KINDS]
    while waiting:
        name = waiting.pop()
        if name in definitions:
            continue
        definition: dict[str, Any] = dict(LOOSE.get(name) or {}) or _bare(schema["definitions"][name])
        if definition.get("properties"):
            definition.setdefault("additionalProperties", False)
        definitions[name] = definition
        waiting += _references(definition)
    return {"$schema": schema["$schema"], "definitions": dict(sorted(definitions.items()))}


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {item: _bare(one) for item, one in inside.items()} if name == "properties" else _bare(inside)
        for name, inside in value.items()
        if name not in ("description", "title") and not name.startswith("x-")
    }


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _references(item)]
    if not isinstance(value, dict):
        return []
    own = value.get("$ref")
    names = [own[len(PREFIX) :]] if isinstance(own, str) else []
    return names + [name for item in value.values() for name in _references(item)]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        json.dump(trimmed(json.load(file)), sys.stdout, separators=(",", ":"), sort_keys=True)
    print()

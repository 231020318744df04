"""Kustomize on emitted specs with `NAME.kustomizeconfig.yaml`: it changes every reference and every image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS, ROOT
from tests.support.building import documents
from tests.support.running import flowc

from .kustomize import built

pytestmark = pytest.mark.engine
STORE = ("-t", "argo", "--store", "s3://bucket/flows", "--quiet")
MIRRORED = {
    "python:3.12-slim": "registry.example/python:3.12-slim",
    "flowc/runtime:0.1": "registry.example/flowc-runtime:0.1",
}
REFERRING = """from metaflow import FlowSpec, kubernetes, step


class Referring(FlowSpec):
    @kubernetes(
        secrets=["keys", "elsewhere"], service_account="trainer", qos="guaranteed",
        persistent_volume_claims={"data": "/data"},
    )
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
REFERRED = """
{apiVersion: v1, kind: ServiceAccount, metadata: {name: runner}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: trainer}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}
"""


def compiled(flow: Path, folder: Path, *options: str) -> Path:
    """Compiles the flow with what Kustomize needs; returns the folder, in which `flowc validate` sees one spec."""
    flowc("compile", str(flow), *STORE, "--kustomize", "yes", "-o", str(folder), *options, check=True)
    assert flowc("validate", str(folder / "argo"), check=True).stdout.count(": fine (argo)") == 1
    return folder / "argo"


def kustomization(page: str, name: str) -> dict[str, str]:
    """The files of the page's example, by their paths: indented blocks that begin with a comment of it."""
    blocks = re.findall(r"^    # (\S+/kustomization\.yaml)\n((?:    .*\n)+)", (ROOT / page).read_text(), re.MULTILINE)
    return {path: re.sub("^    ", "", text, flags=re.MULTILINE).replace("NAME", name) for path, text in blocks}


def test_the_example_of_the_page(tmp_path: Path) -> None:
    """Uses the golden spec, which has a schedule, and steps with their own images."""
    specs = compiled(FLOWS["wine"], tmp_path / "deploy")
    golden = (ROOT / "tests/golden/wine/wineflow.argo.yaml").read_text()
    assert templates((specs / "wineflow.argo.yaml").read_text()) == templates(golden)
    for path, text in kustomization("docs/targets/argo.md", "wineflow").items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    objects = built(tmp_path / "deploy" / "prod")
    assert set(objects) == {"WorkflowTemplate/prod-wineflow", "CronWorkflow/prod-wineflow"}
    started = objects["CronWorkflow/prod-wineflow"]["spec"]["workflowSpec"]
    assert started == {"workflowTemplateRef": {"name": "prod-wineflow"}}
    before = images(documents(golden)[0])
    assert set(before) == set(MIRRORED)
    assert images(objects["WorkflowTemplate/prod-wineflow"]) == [MIRRORED[image] for image in before]


def test_references_to_what_is_deployed_with_it(tmp_path: Path) -> None:
    """Names of objects of the same kustomization get a prefix, a suffix and a digest.

    The rest of the spec does not change.
    """
    (tmp_path / "flow.py").write_text(REFERRING)
    specs = compiled(tmp_path / "flow.py", tmp_path, "--service-account", "runner", "--env-secret", "datastore")
    (specs / "referred.yaml").write_text(REFERRED)
    (specs / "kustomization.yaml").write_text(
        "resources: [referring.argo.yaml, referred.yaml]\nconfigurations: [referring.kustomizeconfig.yaml]\n"
        "namePrefix: a-\nnameSuffix: -z\n"
        "secretGenerator: [{name: datastore, literals: [K=v]}, {name: keys, literals: [K=v]}]\n"
    )
    objects = built(specs)
    (datastore,) = (name.partition("/")[2] for name in objects if name.startswith("Secret/a-datastore-z-"))
    (keys,) = (name.partition("/")[2] for name in objects if name.startswith("Secret/a-keys-z-"))
    spec = objects["WorkflowTemplate/a-referring-z"]["spec"]
    start = next(template for template in spec["templates"] if template["name"] == "start")
    assert secrets(spec["templateDefaults"]) == [datastore] and secrets(start) == [datastore, keys, "elsewhere"]
    assert (spec["serviceAccountName"], start["serviceAccountName"]) == ("a-runner-z", "a-trainer-z")
    assert [volume["persistentVolumeClaim"] for volume in start["volumes"]] == [{"claimName": "a-data-z"}]
    before = (specs / "referring.argo.yaml").read_text()
    for name, new in {"runner": "a-runner-z", "trainer": "a-trainer-z", "datastore": datastore, "keys": keys}.items():
        before = re.sub(rf"(Name|name): {name}\b", rf"\1: {new}", before)
    assert spec == documents(before.replace("claimName: data", "claimName: a-data-z"))[0]["spec"]


def secrets(template: dict[str, Any]) -> list[str]:
    return [source["secretRef"]["name"] for source in template["container"]["envFrom"]]


def images(template: dict[str, Any]) -> list[str]:
    """Returns every image of the template, including those of init containers."""
    spec = template["spec"]
    names = []
    for part in (spec["templateDefaults"], *spec["templates"]):
        containers = (part.get("container", {}), *part.get("initContainers", []))
        names += [container["image"] for container in containers if "image" in container]
    return names


def templates(text: str) -> list[Any]:
    found_templates: list[Any] = documents(text)[0]["spec"]["templates"]
    return found_templates

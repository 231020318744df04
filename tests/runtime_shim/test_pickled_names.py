"""Artifacts outlive the version of flowc that wrote them, so the names in their pickles must not move."""

from __future__ import annotations

import pickle

import pytest

NAMES = {
    "exceptions": "MetaflowException MetaflowExceptionWrapper MetaflowNotFound FailureHandledByCatch TimeoutException _rebuilt",
    "config": "ConfigValue",
    "cards": "Artifact Image Markdown ProgressBar Table ValueBox VegaChart",
    "gang": "Parallel",
    "client.objects": "_rebuilt",
    "client.code": "_rebuilt",
    "client.flow": "Flow Metaflow",
    "client.run": "Run",
    "client.step": "Step",
    "client.task": "Task Metadata MetaflowData",
    "client.artifact": "DataArtifact",
    "client.trigger": "MetaflowEvent Trigger",
    "client.s3_object": "RangeInfo S3GetObject S3PutObject",
}


@pytest.mark.parametrize("module", NAMES)
def test_a_name_is_found_where_earlier_pickles_have_it(module: str) -> None:
    for name in NAMES[module].split():
        value = pickle.loads(f"cflowc.runtime_shim.{module}\n{name}\n.".encode())
        assert (value.__module__, value.__qualname__) == (f"flowc.runtime_shim.{module}", name)

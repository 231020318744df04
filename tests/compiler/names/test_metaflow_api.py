"""The names that the compiler lets flows import are those that the shim has."""

from __future__ import annotations

from flowc.compiler.names.metaflow_api import MODULES, NAMES
from flowc.runtime_shim.api import metaflow_alias, names


def test_modules() -> None:
    of_scripts = {"metaflow.util"}  # flowc has one name of it: a flow that imports others of its names is warned
    assert set(metaflow_alias._MODULES) == MODULES | of_scripts


def test_names() -> None:
    assert all(hasattr(names, name) for name in NAMES)
    assert set(names.__all__) <= NAMES

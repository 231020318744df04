"""What the compiler says can be imported is what the shim has."""

from __future__ import annotations

from flowc.compiler.metaflow_names import MODULES, NAMES
from flowc.runtime_shim import api, metaflow_alias


def test_modules() -> None:
    assert set(metaflow_alias._MODULES) == MODULES


def test_names() -> None:
    assert all(hasattr(api, name) for name in NAMES)
    assert set(api.__all__) <= NAMES

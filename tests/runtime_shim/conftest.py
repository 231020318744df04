"""A client that looks at one datastore, and forgets it after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from flowc.runtime_shim import client as module
from flowc.runtime_shim.client import datastore


@pytest.fixture
def client() -> Iterator[Callable[[str], ModuleType]]:
    """A function that points the client at a datastore, in the global namespace, and returns the client."""

    def point(url: str) -> ModuleType:
        module.metadata(url)
        module.namespace(None)
        return module

    yield point
    module.default_namespace()
    for opened in datastore._datastores.values():
        opened.close()
    datastore._datastores.clear()
    from flowc.runtime_shim.client import settings

    settings._metadata = ""

"""The meaning of a module's names."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.names.resolver import Resolver
from flowc.compiler.source.sources import Sources

FILES = {
    "flow.py": "from metaflow import step as a_step\nimport flowc as mf\nimport package.inner\nfrom package import *\nfrom numpy import array\nOTHER = mf.retry\n",
    "package/__init__.py": "from .inner import Base\n_hidden = 1\n",
    "package/inner.py": "class Base: pass\n",
}


@pytest.mark.parametrize(
    ("name", "qualified"),
    [
        ("a_step", "metaflow.step"), ("mf.step", "metaflow.step"), ("OTHER", "metaflow.retry"), ("Base", "package.inner.Base"),
        ("package.inner.Base", "package.inner.Base"), ("array", "numpy.array"), ("print", "print"), ("_hidden", "_hidden"),
    ],
)  # fmt: skip
def test_qualify(name: str, qualified: str, tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    sources = Sources(str(tmp_path), "flow.py")
    resolver = Resolver(sources)
    assert resolver.qualify(sources.main(), name) == qualified
    location = resolver.split(qualified)
    assert (location[0].name if location else None) == ("package.inner" if qualified.startswith("package") else None)

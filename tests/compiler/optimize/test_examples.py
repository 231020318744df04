"""Each rewrite has an example in its docstring that runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import flowc.compiler.optimize
import pytest

MODULES = [module.name for module in pkgutil.iter_modules(flowc.compiler.optimize.__path__)]
REWRITES = ("chunk", "fuse_branches", "fuse_foreaches", "fuse_lines", "fuse_switches", "loops")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    module = importlib.import_module(f"flowc.compiler.optimize.{name}")
    result = doctest.testmod(module)
    assert not result.failed
    assert result.attempted or name not in REWRITES

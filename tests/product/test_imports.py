"""Imports point one way, between the folders of the product and within each."""

from __future__ import annotations

import pytest

from tests.support.import_graph import cycles, import_graph, part

GRAPH = import_graph()

# Each folder, and the others that it may import.
MAY_IMPORT = {
    "runtime_shim": set(),
    "compiler": {"runtime_shim"},
    "templates": set(),
    "targets": {"compiler", "templates", "runtime_shim"},
    "flowc": {"compiler", "targets", "templates", "runtime_shim"},
}
# The part of the shim that the compiler and the targets may import: what all must agree on.
SHARED = "flowc.runtime_shim.contract."
# The reader of effects follows calls into functions, whose statements hold expressions, which hold calls: its files need one another.
RECURSIVE_DESCENT = "flowc.compiler.dataflow.effects."


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_run_one_way(folder: str) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in GRAPH.items() if part(module) == folder
        for target in targets if part(target) not in {folder, *MAY_IMPORT[folder]}
    ]  # fmt: skip
    assert not wrong


@pytest.mark.parametrize("folder", ["compiler", "targets"])
def test_only_the_contract_of_the_shim_is_shared(folder: str) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in GRAPH.items() if part(module) == folder
        for target in targets if part(target) == "runtime_shim" and not target.startswith(SHARED)
    ]  # fmt: skip
    assert not wrong


def test_no_modules_import_one_another() -> None:
    assert [cycle for cycle in cycles(GRAPH) if not all(module.startswith(RECURSIVE_DESCENT) for module in cycle)] == []

"""The import graph of the product's own modules: `python -m tests.support.import_graph` prints its size and its cycles.

Every import counts: at the top of a module, in a function, and for types only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("flowc", "compiler", "targets", "templates", "runtime_shim")

Graph = Mapping[str, frozenset[str]]  # module → the modules of the product that it imports


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Returns the file of each module, by the name it is imported by."""
    paths = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            paths[".".join(parts if folder == "flowc" else ("flowc", *parts))] = path
    return paths


def import_graph(root: Path = ROOT) -> Graph:
    """Returns the modules that each module imports."""
    files = modules(root)
    return {name: frozenset(_imported(name, path, files)) for name, path in files.items()}


def _imported(name: str, path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            home = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*home, *([node.module] if node.module else [])])
            for alias in node.names:
                target = f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base
                if target in files and target != name:
                    yield target


def cycles(graph: Graph) -> list[list[str]]:
    """Returns each set of modules that import one another, directly or through others: Tarjan's strongly connected components of two or more.

    >>> cycles({"a": frozenset("b"), "b": frozenset("a"), "c": frozenset("a")})
    [['a', 'b']]
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in sorted(graph[module]):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            start = stack.index(module)
            component = sorted(stack[start:])
            del stack[start:]
            if len(component) > 1:
                components.append(component)

    for module in sorted(graph):
        if module not in index:
            visit(module)
    return sorted(components)


def part(module: str) -> str:
    """Returns the top-level folder that a module is in."""
    names = module.split(".")
    return names[1] if len(names) > 1 and names[1] in FOLDERS else "flowc"


def main() -> None:
    graph = import_graph()
    print(f"{len(graph)} modules, {sum(map(len, graph.values()))} imports")
    for component in cycles(graph):
        print(f"a cycle of {len(component)}:", *component, sep="\n    ")


if __name__ == "__main__":
    main()

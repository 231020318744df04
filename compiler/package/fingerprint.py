"""Fingerprints: a digest for each step of the code that determines its behaviour.

Results of the same code can be found by it again.

A step's code is everything in the code package except the other steps' methods: its own method, helpers, the module
level, and the modules that it may import. A step that is used outside `self.next` (called, passed on) counts as part
of the steps that use it.
"""

from __future__ import annotations

import ast
import hashlib
import json

from ..fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ir.nodes import Flow
    from ..pipeline import Program


@record
class _Method:
    """A step's method in a file.

    Its lines include decorators (from 1, both inclusive). `uses` are the attributes that it uses.
    """

    step: str
    first: int
    last: int
    uses: frozenset[str]


def fingerprints(program: Program) -> dict[str, str]:
    """Returns step → sha256 in hexadecimal. Parses the program's Python files again, which are known to be valid."""
    methods: dict[str, list[_Method]] = {}
    shared: set[str] = set()  # attributes that code outside the steps' methods uses
    texts: dict[str, list[str]] = {}
    for name, data in program.files.items():
        text = program.sources.get(name)
        texts[name] = text.split("\n") if text is not None else [data.hex()]
        if text is not None:
            methods[name] = list(_methods(name, text, program.flow, shared))
    uses = {method.step: method.uses for in_file in methods.values() for method in in_file}
    return {
        step.name: _fingerprint(step.name, program.flow, methods, texts, _needed(step.name, uses, frozenset(shared)))
        for step in program.flow.steps
    }


def _fingerprint(
    step: str, flow: Flow, methods: dict[str, list[_Method]], texts: dict[str, list[str]], kept: frozenset[str]
) -> str:
    hasher = hashlib.sha256()
    decorators = next(
        [[decorator.name, decorator.attributes] for decorator in one.decorators]
        for one in flow.steps
        if one.name == step
    )
    # the contents, however they were given
    configs = [[config.name, config.value, config.literal] for config in flow.configs]
    # the source of installed packages is no part of the code package
    packages = [[item.value, item.digest] for item in flow.inputs if item.kind == "package"]
    parts = [flow.name, step, decorators, configs, *([packages] if packages else [])]
    hasher.update(json.dumps(parts, sort_keys=True, default=repr).encode("utf-8", "surrogatepass"))
    for name, lines in sorted(texts.items()):
        left_out = {
            number
            for method in methods.get(name, ())
            if method.step not in kept
            for number in range(method.first, method.last + 1)
        }
        text = "\n".join(line for number, line in enumerate(lines, 1) if number not in left_out)
        hasher.update(json.dumps([name, text]).encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def _needed(step: str, uses: dict[str, frozenset[str]], shared: frozenset[str]) -> frozenset[str]:
    """Returns the step, and every step whose method it, or code outside the steps, may call."""
    kept = {step}
    waiting = [step]
    used = set(shared)
    while waiting:
        used |= uses.get(waiting.pop(), frozenset())
        new = [use for use in uses if use in used and use not in kept]
        kept.update(new)
        waiting += new
    return frozenset(kept)


def _methods(name: str, text: str, flow: Flow, shared: set[str]) -> Iterator[_Method]:
    places = {step.span.line: step.name for step in flow.steps if step.span.file == name}
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno in places:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield _Method(places[node.lineno], first, node.end_lineno or node.lineno, frozenset(_attributes(node)))
        else:
            if isinstance(node, ast.Attribute):
                shared.add(node.attr)
            waiting += ast.iter_child_nodes(node)


def _attributes(function: ast.AST) -> Iterator[str]:
    """Returns the attributes that a step's method uses, except those inside `….next(…)`."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "next":
            continue
        if isinstance(node, ast.Attribute):
            yield node.attr
        waiting += ast.iter_child_nodes(node)

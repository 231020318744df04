"""Files derived from the decorators are up to date, and no other code looks attributes up by name."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest
from flowc.compiler.decorators._build import documents, main, specifications
from flowc.compiler.decorators.decorator import names
from flowc.compiler.ir.nodes import Decorator, Span

from tests.support import decorator_page

ROOT = Path(__file__).parents[3]
SPAN = Span("flow.py", 1, 1, 1, 2)


def test_modules_of_the_shim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, f"{capsys.readouterr().out}run `make golden`"
    assert len(documents()) == 2


def test_page() -> None:
    assert decorator_page.PAGE.read_text() == decorator_page.document(), "run `make golden`"


@pytest.mark.parametrize("name", names())
def test_every_decorator_is_read_as_a_record(name: str) -> None:
    (spec,) = (one for one in specifications() if one.name == name)
    read = import_module(f"flowc.compiler.decorators.{name}").read(Decorator(name, spec.attributes, SPAN))
    with pytest.raises(AttributeError):
        read.anything = 1
    assert hasattr(type(read), "__match_args__")


def test_only_a_decorator_s_file_looks_its_attributes_up_by_name() -> None:
    wrong = []
    for part in ("compiler", "targets", "flowc"):
        for path in (ROOT / part).rglob("*.py"):
            if path.parent != ROOT / "compiler/decorators":
                wrong += [f"{path.relative_to(ROOT)}:{line}" for line in looked_up(path.read_text())]
    assert not wrong


def test_a_look_up_is_seen() -> None:
    assert looked_up(
        'decorator.attributes["times"]\nx = one.attributes.get("var")\nown.attributes[name]\nlen(own.attributes)\n'
    ) == [1, 2]


CONTRACT = ("contract/semantics.py", "contract/card.py", "contract/extension_settings.py")


def test_only_the_contract_looks_them_up_in_the_shim() -> None:
    """The shim has them as dictionaries, in variables that are called like the decorator."""
    wrong = []
    for path in (ROOT / "runtime_shim").rglob("*.py"):
        if path.relative_to(ROOT / "runtime_shim").as_posix() not in CONTRACT:
            wrong += [f"{path.relative_to(ROOT)}:{line}" for line in looked_up_in_the_shim(path.read_text())]
    assert not wrong


def test_a_look_up_in_the_shim_is_seen() -> None:
    assert looked_up_in_the_shim(
        'retry["times"]\nattributes.get("var", 3)\ndecorator["name"] == decorator["attributes"]\ncatch[name]\n'
    ) == [1, 2]


def looked_up_in_the_shim(source: str) -> list[int]:
    """Returns the lines that look up an attribute of a decorator in a variable named after one."""
    of_decorators = {"attributes", "decorator", *names()} - {"card", "environment"}  # a drawn card, a task's packages
    attributes = {name for spec in specifications() for name in spec.attributes}
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(value=ast.Name(id=variable), slice=ast.Constant(value=str(key))):
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=variable), attr="get"), args=[ast.Constant(value=str(key)), *_]
            ):
                pass
            case _:
                continue
        if variable in of_decorators and key in attributes and (variable, key) != ("decorator", "name"):
            lines.append(node.lineno)
    return sorted(lines)


def looked_up(source: str) -> list[int]:
    """Returns the lines that look up a literal name in `X.attributes`."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="attributes"), slice=ast.Constant(value=str())):
                lines.append(node.lineno)
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="attributes"), attr="get"),
                args=[ast.Constant(value=str()), *_],
            ):
                lines.append(node.lineno)
    return sorted(lines)

"""Declarations in helpers: a `Parameter` that a function returns, `@retry` inside a decorator of the flow's own.

Folding treats Metaflow's names as functions that return a `Declared`. The result of an expression is then written out
as the declaration that it stands for, and this text is read like any other (docs/design.md, Reading without running).
All places in it are that of the expression.
"""

from __future__ import annotations

from ..decorators.decorator import plugin_named
from ..fold.budget import Unfoldable
from ..fold.evaluator import Evaluator
from ..fold.values import (
    CLICK_TYPES,
    PARAMETERS,
    ClickType,
    Declared,
    Decorated,
    Environment,
    Function,
    Late,
    Library,
    Native,
    applied,
)
from ..names.resolver import is_standard
from ..source.modules import Class, Module, base_names
from ..source.text import Source, span, tree_of
from .arguments import folded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ast_grep_py import SgNode

    from ..ir.nodes import Span
    from ..names.resolver import Resolver

_PATHS = ("pathlib.Path", "pathlib.PurePath")
_TYPES = ("tuple", "str", "int", "float", "bool", "list", "dict", "object", "metaflow.JSONType")
_DEEPEST = 3  # depth to which called functions are searched


def native(qualified: str) -> Any:
    """Returns the function that folding uses for one of Metaflow's names, or None for a name that declares nothing."""
    if not qualified.startswith("metaflow."):
        return None
    name = qualified.removeprefix("metaflow.")
    if name == "JSONType":
        return Library(qualified)
    if name in CLICK_TYPES:
        if not CLICK_TYPES[name]:
            return ClickType(name, (), {})
        return Native(name, lambda folder, *arguments, **named: ClickType(name, arguments, named))
    if name in PARAMETERS:
        return Native(name, lambda folder, *arguments, **named: Declared(name, arguments, named))
    if name in _decorators():
        return Native(name, lambda folder, *arguments, **named: _decorator(name, arguments, named))
    return None


def _native_or_plugin(qualified: str) -> Any:
    """Returns the function that folding uses for one of Metaflow's names, or of the decorators that plug-ins bring."""
    function = native(qualified) if qualified.startswith("metaflow.") else None
    if function is None and "." in qualified and not is_standard(qualified):
        name = plugin_named(qualified)
        if name:
            return Native(name, lambda folder, *arguments, **named: _decorator(name, arguments, named))
    return function


def _decorators() -> tuple[str, ...]:
    from ..decorators.decorator import names

    return ("step", *names())


def _decorator(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if len(arguments) == 1 and isinstance(arguments[0], Decorated):
        return applied(Declared(name, (), named), arguments[0])
    return Declared(name, arguments, named)


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────────────────────


def parameter(evaluator: Evaluator, owner: Class, node: SgNode) -> tuple[str, Class, SgNode] | None:
    """Returns (which of PARAMETERS, where to read it, its call) for an expression that yields a parameter.

    Returns None for any other expression of the class. Raises Unfoldable, and Unset if it depends on a variable that
    the compile was not given: a run's parameters must not depend on what the compile does not know.
    """
    environment = evaluator.environment
    assumed, environment.chosen = dict(environment.assumed), None
    value = folded(evaluator, owner, node)
    if environment.chosen is not None and _depends(evaluator, owner, node, environment.chosen.name, value):
        environment.assumed = assumed
        raise environment.chosen
    if not _is_parameter(value):
        return None
    home, root = _written(owner, "{}\n", [value], span(owner.module.source, node))
    call = root.find(kind="call")
    assert call is not None
    return value.name, home, call


def _depends(evaluator: Evaluator, owner: Class, node: SgNode, variable: str, value: Any) -> bool:
    """Returns True if the expression yields a parameter only with the variable, or only without it.

    `value` is the expression's without it.
    """
    known = evaluator.environment
    given = Environment({**known.variables, variable: "1"}, known.is_complete, set())
    given.assumes = True
    other = Evaluator(
        evaluator.resolver, evaluator.set_values, given, evaluator.natives, evaluator.configs, evaluator.here
    )
    try:
        with_it = folded(other, owner, node)
    except Unfoldable:
        return True
    return _is_parameter(value) is not _is_parameter(with_it)


def _is_parameter(value: Any) -> bool:
    return isinstance(value, Declared) and value.name in PARAMETERS


def may_be_parameter(node: SgNode) -> bool:
    """Returns False for the kinds of expressions that most constants have."""
    return node.kind() in (
        "call",
        "conditional_expression",
        "identifier",
        "attribute",
        "subscript",
        "parenthesized_expression",
        "boolean_operator",
    )


# ── decorators ───────────────────────────────────────────────────────────────────────────────────────────────────────


def decorators(
    evaluator: Evaluator, owner: Class, node: SgNode, opens: bool = True
) -> list[tuple[Class, SgNode]] | None:
    """Returns the decorators that a decorator of the flow's own adds, outermost first, and where to read each.

    None: an ordinary decorator. `node` is the expression after the `@`. With `opens`, those of installed packages are
    read too. Raises Unfoldable.
    """
    evaluator = evaluator.opening(_native_or_plugin, opens)
    evaluator.read = set()
    value = folded(evaluator, owner, node)
    if isinstance(value, (Function, Native)) or hasattr(value, "is_object"):
        from ..fold.expressions import called

        value = called(value, [Decorated(())])
    if isinstance(value, Declared) and value.name not in PARAMETERS:
        value = Decorated((value,))
    if not isinstance(value, Decorated):
        return None
    if not value.decorators:
        return []
    for path in evaluator.read:
        evaluator.resolver.sources.use(path)
    home, root = _written(
        owner, "@{}\n", value.decorators, span(owner.module.source, node), "def stand_in(self):\n    pass\n"
    )
    return [(home, match) for match in root.find_all(kind="decorator")]


# ── writing out ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _written(owner: Class, form: str, several: Iterable[Declared], place: Span, more: str = "") -> tuple[Class, SgNode]:
    """Returns the declarations as text, each as (a class to read it in, with only Metaflow's names; the text's root).

    Raises Unfoldable.
    """
    imports: dict[str, str] = {}
    text = "".join(form.format(_call(item, imports)) for item in several) + more
    module = Module(
        owner.module.name, Source(owner.module.source.name, text, tree_of(text), place), owner.module.is_package
    )
    module.imports = imports
    home = Class.__new__(Class)
    home.__dict__.update(owner.__dict__, module=module, assigned={}, classes={}, functions={})
    return home, module.source.root


def _call(declared: Declared, imports: dict[str, str]) -> str:
    imports[declared.name] = f"metaflow.{declared.name}"
    arguments = [_code(argument, imports) for argument in declared.arguments]
    arguments += [f"{name}={_code(value, imports)}" for name, value in declared.named.items()]
    is_called = bool(arguments or declared.name in PARAMETERS or CLICK_TYPES.get(declared.name))
    return f"{declared.name}({', '.join(arguments)})" if is_called else declared.name


def _code(value: Any, imports: dict[str, str]) -> str:
    """Returns an expression for the value. Raises Unfoldable if it has none."""
    if isinstance(value, Late) and not value.is_config:
        value = value.value
    if value is None or isinstance(value, (bool, int, str, bytes)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if value - value == 0 else f"float({str(value)!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_code(key, imports)}: {_code(item, imports)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inner = "".join(f"{_code(item, imports)}, " for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, ClickType):
        return _call(value, imports)
    if hasattr(value, "make") and value.home is not None:  # a class of the flow's own
        alias = f"class_{len(imports)}"
        imports[alias] = f"{value.home.name}.{value.name}"
        return alias
    if isinstance(value, Library) and value.name in _PATHS:
        imports["Path"] = "pathlib.Path"
        return "Path"
    if isinstance(value, Library) and value.name in _TYPES:
        short = value.name.rpartition(".")[2]
        if short != value.name:
            imports[short] = value.name
        return short
    if isinstance(value, Function) and value.qualified:
        alias = f"function_{len(imports)}"
        imports[alias] = value.qualified
        return alias
    raise Unfoldable("an argument cannot be written as an expression")


# ── code that cannot be followed ─────────────────────────────────────────────────────────────────────────────────────


def declares(resolver: Resolver, module: Module, node: SgNode, names: Iterable[str]) -> str:
    """Returns the first of Metaflow's names that the code mentions; "" if there is none.

    The functions and classes of the flow's own that it calls count too.
    """
    qualified_names = {f"metaflow.{name}" for name in names}
    return next(_mentioned(resolver, module, node, qualified_names, set(), 0), "").removeprefix("metaflow.")


def declares_decorator(resolver: Resolver, module: Module, node: SgNode) -> str:
    return declares(resolver, module, node, (*_decorators(), "FlowMutator", "StepMutator"))


def declares_parameter(resolver: Resolver, module: Module, node: SgNode) -> str:
    return declares(resolver, module, node, PARAMETERS)


def _is_part(node: SgNode) -> bool:
    """Returns True for the name of an attribute or of an argument, which means nothing by itself."""
    outer = node.parent()
    if outer is None or outer.kind() not in ("attribute", "keyword_argument"):
        return False
    first = outer.named_children()[0]
    return (first.range().start.index == node.range().start.index) is (
        outer.kind() == "keyword_argument"
    ) and node.kind() == "identifier"


def _arguments(node: SgNode) -> frozenset[str]:
    """Returns the names of the arguments of a function that is defined, which hide those of its module."""
    definition = node.field("definition") if node.kind() == "decorated_definition" else node
    parameters = definition.field("parameters") if definition is not None else None
    if parameters is None or definition is None or definition.kind() != "function_definition":
        return frozenset()
    names = [(child.field("name") or child) for child in parameters.named_children()]
    return frozenset(name.text().partition(":")[0].strip() for name in names)


def _mentioned(
    resolver: Resolver, module: Module, node: SgNode, qualified_names: set[str], seen: set[str], depth: int
) -> Iterator[str]:
    own = _arguments(node)
    for part in (node, *node.find_all(kind="identifier"), *node.find_all(kind="attribute")):
        if part.kind() not in ("identifier", "attribute") or _is_part(part) or part.text().partition(".")[0] in own:
            continue
        qualified = resolver.qualify(module, part.text())
        if qualified in qualified_names:
            yield qualified
        place = resolver.split(qualified) if qualified not in seen and depth < _DEEPEST else None
        seen.add(qualified)
        if place is None:
            continue
        home, name = place
        if name in home.functions:
            yield from _mentioned(resolver, home, home.functions[name][-1], qualified_names, seen, depth + 1)
        elif name in home.classes:
            for method in Class(home, home.classes[name][-1]).functions.get("__call__", ()):
                yield from _mentioned(resolver, home, method, qualified_names, seen, depth + 1)
            for base, where in base_names(Class(home, home.classes[name][-1])):
                if base:
                    yield from _mentioned(resolver, home, where, qualified_names, seen, depth + 1)
        elif name in home.assigned:
            for value in home.assigned[name]:
                yield from _mentioned(resolver, home, value, qualified_names, seen, depth + 1)

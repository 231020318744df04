"""Modules and scripts that code names at run time.

Examples are `importlib.import_module("plugins.alpha")`, `subprocess.run([sys.executable, "train.py"])` and
`current.torch.run(entrypoint="train.py")`.

No import statement leads to them, so this module finds them for the code package. A name counts if it folds. In a
loop over values that fold, all names count. If only the beginning of a name is known, it counts: `"plugins." + name`
may be any module of the folder `plugins`.
"""

from __future__ import annotations

import os

from ..fast_start.record import record
from ..fold.budget import Unfoldable
from ..fold.values import HERE, from_here
from ..report.diagnostics import WARNING, Diagnostic
from ..source.bindings import bind, statements
from ..source.sources import python_files
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeAlias

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..names.resolver import Resolver
    from ..source.modules import Module
    from ..source.sources import Sources

    Word: TypeAlias = tuple[list[Any], SgNode]  # a word of a command line: its values, none if unknown, and its place

_MODULES = {
    "importlib.import_module": "name",
    "importlib.__import__": "name",
    "__import__": "name",
    "builtins.__import__": "name",
    "runpy.run_module": "mod_name",
}
_FILES = {"runpy.run_path": (0, "path_name"), "importlib.util.spec_from_file_location": (1, "location")}
_SHELLS = frozenset(
    (
        "os.system",
        "os.popen",
        *(f"subprocess.{part}" for part in "run call check_call check_output Popen getoutput".split()),
    )
)
_PYTHONS = ("python", "python3")
_MAX_NAMES = 1000  # of one loop
_MAX_WORDS = 12  # words of a command before its script
_MAX_DEPTH = 20  # variables that lead to further variables
_CALLABLE = ("identifier", "attribute")
_TEXTS = ("string", "concatenated_string", "binary_operator", "call")


@record
class Named:
    """The names at one place: modules, files, the known beginning of a module's name, or an unknown script."""

    node: SgNode
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # paths from the flow's folder
    beginning: str | None = None  # "": nothing of the name is known
    started: SgNode | None = None  # the script that a Python runs, if it is unknown


def named_while_running(evaluator: Evaluator, module: Module) -> Iterator[Named]:
    """Yields the names in calls of the module, in the order of the source."""
    for call in module.source.root.find_all(kind="call"):
        function = call.field("function")
        if function is None or function.kind() not in _CALLABLE:
            continue
        name = _qualified(evaluator.resolver, module, function.text())
        if name in _MODULES:
            yield from _module(evaluator, module, call, _argument(call, 0, _MODULES[name]), name)
        elif name in _FILES:
            node = _argument(call, *_FILES[name])
            if node is not None:
                yield Named(call, files=_files(_values(evaluator, module, node)))
        elif function.text().endswith(".run") and (node := _argument(call, _MAX_WORDS, "entrypoint")) is not None:
            yield Named(call, files=_files(_values(evaluator, module, node)))  # `current.torch.run(…)` and its like
        elif name in _SHELLS:
            node = _argument(call, 0, "args")
            if node is not None and node.kind() in _TEXTS and "python" in node.text():
                values = _values(evaluator, module, node)
                for value in values or ():
                    yield from _command(call, [([word], node) for word in str(value).split()])
                if values is None:
                    yield from _command(call, _begun(_beginning(evaluator, module, node), node))
    for kind in ("list", "tuple", "argument_list"):
        for display in module.source.root.find_all(kind=kind):
            yield from _display(evaluator, module, display)


def modules_of(folder: str, beginning: str) -> dict[str, str]:
    """Returns the modules of the flow's folder whose names begin this way, each with its path.

    For `plugins.` they are those of `plugins/`.
    """
    home, _, first = beginning.rpartition(".")
    parts = home.split(".") if home else []
    if not beginning or not all(part.isidentifier() for part in parts):
        return {}
    place = os.path.join(folder, *parts)
    if not os.path.isdir(place):
        return {}
    if parts:
        modules = {
            path[: -len(".py")].removesuffix("/__init__").replace("/", "."): path
            for path in python_files(folder, "/".join(parts))
        }
    else:
        modules = {name[: -len(".py")]: name for name in sorted(os.listdir(place)) if name.endswith(".py")}
    return {name: path for name, path in modules.items() if name.startswith(beginning) or f"{name}." == beginning}


def unknown_names(
    sources: Sources, added: Mapping[str, bytes], unknown: list[tuple[Module, Named]]
) -> Iterator[Diagnostic]:
    """Yields FLOW157 for each unknown name, if the flow's folder has a module that is not in the code package."""
    left = next(
        (name for name in sorted(_top_level(sources.folder)) if name not in sources.contents and name not in added),
        None,
    )
    if left is None:
        return
    for module, named in unknown:
        what = "the name of this module is not known when compiling"
        why = (
            f"a module of the flow's folder, such as `{left}`, would be missing from the code package, so its import "
            "would fail on every engine"
        )
        how = "list the possible modules in `@package_sources(…)`, or import them by literal names"
        yield Diagnostic("FLOW157", what, span(module.source, named.node), why, how, WARNING)


def _top_level(folder: str) -> Iterator[str]:
    """Yields the modules of a folder: files, and `__init__.py` of packages."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.endswith(".py") and os.path.isfile(path):
            yield name
        elif name.isidentifier() and os.path.isfile(os.path.join(path, "__init__.py")):
            yield f"{name}/__init__.py"


def _display(evaluator: Evaluator, module: Module, display: SgNode) -> Iterator[Named]:
    """Returns what `[sys.executable, …]` starts, wherever the list is written: a call may get it from a variable."""
    items = [child for child in display.named_children() if child.kind() not in ("comment", "keyword_argument")]
    at = max(
        (index for index, item in enumerate(items[:3]) if _is_python(evaluator.resolver, module, item)), default=None
    )
    if at is None:
        return
    words: list[Word] = [(["python"], display)]
    words += [(list(_values(evaluator, module, item) or ()), item) for item in items[at + 1 : at + _MAX_WORDS]]
    yield from _command(display, words)


def _begun(text: str, node: SgNode) -> list[Word]:
    """Returns the words of a command line if only its beginning is known."""
    words = text.split()
    whole = words if text[-1:].isspace() else words[:-1]
    return [*(([word], node) for word in whole), ([], node)]


def _is_python(resolver: Resolver, module: Module, node: SgNode) -> bool:
    if node.kind() == "attribute" or node.kind() == "identifier":
        return _qualified(resolver, module, node.text()) == "sys.executable"
    return node.kind() == "string" and node.text().strip("'\"") in _PYTHONS


def _command(node: SgNode, words: list[Word]) -> Iterator[Named]:
    """Returns what a command line starts. Each word may have several values; an unknown word has none."""
    if not words or not words[0][0] or os.path.basename(str(words[0][0][0])) not in _PYTHONS:
        return
    takes_value = is_module = False
    for values, word in words[1:]:
        first = str(values[0]) if values else ""
        if takes_value:
            takes_value = False
        elif not values:
            if word.kind() != "list_splat":  # options, if any
                yield Named(node, started=word)
                return
        elif is_module:
            yield Named(node, modules=tuple(str(value) for value in values))
            return
        elif first == "-m":
            is_module = True
        elif first == "-c":
            return
        elif first in ("-W", "-X"):
            takes_value = True
        elif not first.startswith("-"):
            yield Named(node, files=_files(values))
            return


def _module(evaluator: Evaluator, module: Module, call: SgNode, node: SgNode | None, function: str) -> Iterator[Named]:
    if node is None:
        return
    values = _values(evaluator, module, node)
    if values is None:
        yield Named(call, beginning=_beginning(evaluator, module, node))
        return
    names = []
    for value in values:
        name = _absolute(evaluator, module, call, str(value))
        names += [name, f"{name}.__main__"] if function == "runpy.run_module" else [name]
        listed = _argument(call, 3, "fromlist") if function.endswith("__import__") else None
        for inner in (_values(evaluator, module, listed) or ()) if listed is not None else ():
            names += [f"{name}.{one}" for one in inner] if isinstance(inner, (list, tuple)) else []
    yield Named(call, tuple(names))


def _absolute(evaluator: Evaluator, module: Module, call: SgNode, name: str) -> str:
    """Returns the absolute name in `import_module(".alpha", package="plugins")`."""
    if not name.startswith("."):
        return name
    node = _argument(call, 1, "package")
    text = node.text() if node is not None else ""
    if text in ("__package__", "__name__"):
        home = module.name if module.is_package or text == "__name__" else module.name.rpartition(".")[0]
    else:
        home = str(next(iter(_values(evaluator, module, node) or ()), "")) if node is not None else ""
    dots = len(name) - len(name.lstrip("."))
    parts = home.split(".")
    return ".".join([*parts[: len(parts) - dots + 1], name.lstrip(".")])


def _beginning(evaluator: Evaluator, module: Module, node: SgNode) -> str:
    """Returns the known beginning of a text whose end is computed."""
    kind = node.kind()
    if kind == "parenthesized_expression":
        inner = next((child for child in node.named_children() if child.kind() != "comment"), None)
        return _beginning(evaluator, module, inner) if inner is not None else ""
    if kind == "binary_operator":
        left, operator = node.field("left"), node.field("operator")
        if left is None or operator is None or operator.text() not in ("+", "%"):
            return ""
        values = _values(evaluator, module, left)
        if operator.text() == "%":
            return str(values[0]).partition("%")[0] if values else ""
        return str(values[0]) if values else _beginning(evaluator, module, left)
    if kind == "call":  # "plugins.{}".format(name)
        function = node.field("function")
        owner, attribute = (
            (function.field("object"), function.field("attribute")) if function is not None else (None, None)
        )
        if owner is not None and attribute is not None and attribute.text() == "format":
            values = _values(evaluator, module, owner)
            return str(values[0]).partition("{")[0] if values else ""
        return ""
    if kind == "identifier":
        value = _local(node, node.text())
        return _beginning(evaluator, module, value) if value is not None and value.range() != node.range() else ""
    if kind == "string":  # an f-string
        text = ""
        for child in node.named_children():
            if child.kind() == "string_content":
                text += child.text()
            elif child.kind() == "interpolation":
                inner = next((child for child in child.named_children() if child.kind() != "comment"), None)
                values = (
                    _values(evaluator, module, inner)
                    if inner is not None and len(child.named_children()) == 1
                    else None
                )
                if not values or len(values) != 1:
                    break
                text += str(values[0])
        return text
    return ""


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _values(evaluator: Evaluator, module: Module, node: SgNode) -> tuple[Any, ...] | None:
    """Returns the values of the expression, one for each iteration of a loop over known values.

    None if they are unknown.
    """
    for name, items in _loops(node):
        if name in node.text():
            items_value = _folded(evaluator, module, items, {})
            if not isinstance(items_value, (list, tuple, dict)) or len(items_value) > _MAX_NAMES:
                continue
            values = tuple(_folded(evaluator, module, node, {name: item}) for item in items_value)
            return None if any(value is None for value in values) else values
    value = _folded(evaluator, module, node, {})
    return None if value is None else (value,)


def _folded(evaluator: Evaluator, module: Module, node: SgNode, local: dict[str, Any], depth: int = 0) -> Any:
    """Returns the value of the expression at its place, or None."""
    here = evaluator.at(HERE)

    def lookup(dotted: str) -> Any:
        first = dotted.partition(".")[0]
        if first in local:
            if dotted != first:
                raise KeyError(dotted)
            return local[first]
        inner = _local(node, first)
        if inner is None:
            try:
                return here.constant(module, dotted)
            except KeyError:
                qualified = _qualified(evaluator.resolver, module, dotted)
                constant = evaluator.library(qualified) if qualified != dotted else None
                if constant is None:
                    raise
                return constant
        if dotted != first:
            raise KeyError(dotted)
        value = (
            _folded(evaluator, module, inner, {}, depth + 1)
            if depth < _MAX_DEPTH and inner.range() != node.range()
            else None
        )
        if value is None:
            raise Unfoldable(f"`{first}` is not known before the flow runs")
        return value

    try:
        return evaluator.fold(node.text(), lookup)
    except Unfoldable:
        return None


def _loops(node: SgNode) -> Iterator[tuple[str, SgNode]]:
    """Returns the variables of loops and comprehensions around the node, and what they iterate over."""
    for outer in node.ancestors():
        clauses = (
            [outer]
            if outer.kind() == "for_statement"
            else [child for child in outer.named_children() if child.kind() == "for_in_clause"]
        )
        for clause in clauses:
            left, right = clause.field("left"), clause.field("right")
            if left is not None and right is not None and left.kind() == "identifier":
                yield left.text(), right


def _local(node: SgNode, name: str) -> SgNode | None:
    """Returns the only value that the function around the node assigns to a variable.

    The node itself stands for an unknown value.
    """
    for outer in node.ancestors():
        if outer.kind() != "function_definition":
            continue
        bindings: dict[str, list[SgNode]] = {}
        body = outer.field("body")
        for statement in statements(body) if body is not None else ():
            bind(statement, bindings)
        if name in bindings:
            return bindings[name][0] if len(bindings[name]) == 1 else node
        parameters = outer.field("parameters")
        if parameters is not None and any(match.text() == name for match in parameters.find_all(kind="identifier")):
            return node
    return None


def _qualified(resolver: Resolver, module: Module, dotted: str) -> str:
    """Returns the qualified name, also through an import inside a function."""
    first, _, rest = dotted.partition(".")
    if first in module.imports or first not in module.within:
        return resolver.qualify(module, dotted)
    return f"{module.within[first]}.{rest}" if rest else module.within[first]


def _argument(call: SgNode, index: int, name: str) -> SgNode | None:
    arguments = call.field("arguments")
    children = (
        [child for child in arguments.named_children() if child.kind() != "comment"] if arguments is not None else []
    )
    for argument in children:
        key = argument.field("name") if argument.kind() == "keyword_argument" else None
        if key is not None and key.text() == name:
            return argument.field("value")
    positional = [argument for argument in children if argument.kind() != "keyword_argument"]
    return positional[index] if index < len(positional) else None


def _files(values: tuple[Any, ...] | list[Any] | None) -> tuple[str, ...]:
    """Returns the Python files among the values, as paths from the flow's folder."""
    paths = (os.path.normpath(from_here(str(value))).replace(os.sep, "/") for value in values or ())
    return tuple(path for path in paths if path.endswith(".py") and not path.startswith(("../", "/")))

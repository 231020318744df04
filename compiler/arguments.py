"""The arguments of a call in the source: bound to names, and folded to values as JSON knows them."""

from __future__ import annotations

from .diagnostics import Diagnostic, nearest
from .fold import Duration, Unfoldable, fold
from .source import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ast_grep_py import SgNode

    from .classes import Class
    from .ir import Value
    from .names import World


def bind(owner: Class, call: SgNode, positional: tuple[str, ...], names: tuple[str, ...], what: str, problems: list[Diagnostic]) -> dict[str, SgNode]:
    """Returns the call's arguments by name. `positional` may be given without a name; `names` are all that exist.

    Adds FLOW113 for one that does not exist, is given twice, or cannot be followed.
    """
    source = owner.module.source
    found: dict[str, SgNode] = {}
    arguments = call.field("arguments")
    count = 0
    for node in arguments.named_children() if arguments is not None else []:
        kind = node.kind()
        if kind == "comment":
            continue
        if kind == "keyword_argument":
            key, value = node.field("name"), node.field("value")
            if key is None or value is None:
                continue
            name = key.text()
            if name not in names:
                close = nearest(name, names)
                listed = ", ".join(f"`{each}`" for each in names) or "none"
                how = f"did you mean `{close}`?" if close else f"its arguments are {listed}"
                problems.append(
                    Diagnostic(
                        "FLOW113",
                        f"`{what}` has no argument `{name}`",
                        span(source, node),
                        why="Python would fail when the flow is imported",
                        how=how,
                    )
                )
            elif name in found:
                problems.append(
                    Diagnostic(
                        "FLOW113",
                        f"`{what}` is given `{name}` twice",
                        span(source, node),
                        why="Python would fail when the flow is imported",
                        how="keep one of them",
                    )
                )
            else:
                found[name] = value
        elif kind in ("list_splat", "dictionary_splat"):
            why = "which arguments these are is only known at run time"
            problems.append(
                Diagnostic("FLOW113", f"`{node.text()[:40]}` in `{what}` cannot be followed", span(source, node), why, "write the arguments out")
            )
        elif count < len(positional):
            if positional[count] in found:
                problems.append(
                    Diagnostic(
                        "FLOW113",
                        f"`{what}` is given `{positional[count]}` twice",
                        span(source, node),
                        why="Python would fail when the flow is imported",
                        how="keep one of them",
                    )
                )
            found[positional[count]] = node
            count += 1
        else:
            how = f"name it: {', '.join(f'`{each}=`' for each in names[:6])}" if names else "leave it out"
            problems.append(
                Diagnostic(
                    "FLOW113",
                    f"`{what}` takes {len(positional) or 'no'} positional arguments",
                    span(source, node),
                    why="Python would fail when the flow is imported",
                    how=how,
                )
            )
    return found


def values(
    world: World, owner: Class, given: dict[str, SgNode], what: str, problems: list[Diagnostic],
    value: Callable[[World, Class, SgNode], Value] | None = None,
) -> dict[str, Value]:  # fmt: skip
    """Returns the folded value of each argument; adds FLOW120 for one that cannot be known, and leaves it out.

    `value` reads an argument in a way of its own: it returns the value, or raises Unfoldable.
    """
    found: dict[str, Value] = {}
    for name, node in given.items():
        try:
            found[name] = value(world, owner, node) if value is not None else plain(folded(world, owner, node))
        except Unfoldable as error:
            shown = " ".join(node.text().split())
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            problems.append(
                Diagnostic(
                    "FLOW120",
                    f"the value of `{name}` in `{what}` is not known when compiling: `{shown}`",
                    span(owner.module.source, node),
                    str(error.args[0]),
                    "write a literal, or a constant of the module or of the flow's own modules; or make it a Parameter",
                )  # fmt: skip
            )
    return found


def folded(world: World, owner: Class, node: SgNode) -> Any:
    """Returns the value of an expression in a class body: names of the class come before those of the module. Raises Unfoldable."""

    def lookup(name: str) -> Any:
        own = owner.assigned.get(name)
        if own is not None:
            if len(own) != 1 or own[0].range().start.index >= node.range().start.index:
                raise KeyError(name)
            return fold(own[0].text(), lookup)
        return world.constant(owner.module, name)

    return fold(node.text(), lookup)


def plain(value: Any) -> Value:
    """The value as JSON knows it: tuples become lists, sets of comparable things sorted lists, a duration its seconds.

    Raises Unfoldable for what JSON cannot say.
    """
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfoldable("it holds a lone surrogate, which no file can") from None
        return value
    if isinstance(value, float):
        if value != value or abs(value) == float("inf"):
            raise Unfoldable(f"`{value}` is not a number that a spec can hold")
        return value
    if isinstance(value, Duration):
        return value.seconds
    if isinstance(value, (list, tuple, range)):
        return [plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        try:
            return [plain(each) for each in sorted(value)]
        except TypeError:
            raise Unfoldable("a set of different types has no order") from None
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Unfoldable("the keys of a dict must be text")
        return {str(plain(key)): plain(each) for key, each in value.items()}
    raise Unfoldable(f"a value of type `{type(value).__name__}` cannot be written into a spec")

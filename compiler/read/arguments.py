"""The arguments of a call in the source, bound to names and folded to JSON values."""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import CONTAINER
from flowc.runtime_shim.contract.semantics import LEFT_TO_CONTAINER as RUNTIME

from ..fast_start.record import record, replace
from ..fold.budget import Reported, Unfoldable, Unknown
from ..fold.values import Contained, Late, OfContainer, TooEarly, Unsaid, Unset
from ..report.diagnostics import HINT, Diagnostic, nearest
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..ir.nodes import Value
    from ..source.modules import Class


CLICK = {  # arguments that only Metaflow's own command line (click) has, and what to do instead
    "is_flag": "with `type=bool`, give `--NAME true`",
    "multiple": "to pass several values as one text, use `separator=','`",
    "nargs": "to pass several values as one text, use `separator=','`", "count": "with `type=int`, give the number",
    "prompt": "a run on an orchestrator cannot ask anybody", "flag_value": "give the value",
    "callback": "let `type=` be a function, or let the first step check the value",
    "hide_input": "for a secret, use `@secrets`",
    "confirmation_prompt": "a run on an orchestrator cannot ask anybody",
    "show_choices": "let the first step check the value", "expose_value": "every value is there",
    "allow_from_autoenv": "METAFLOW_RUN_NAME always counts",
}  # fmt: skip


@record
class Bound:
    """The arguments of a call, by name."""

    nodes: dict[str, SgNode]
    unpacked: dict[str, Value]  # the folded values from `**`
    diagnostics: list[Diagnostic]


def bind(
    owner: Class, call: SgNode, positional: tuple[str, ...], names: tuple[str, ...], what: str,
    evaluator: Evaluator | None = None
) -> Bound:  # fmt: skip
    """Returns the call's arguments.

    `names` are all that exist; those in `positional` need no name. Only with an evaluator may `**` unpack a mapping.
    The diagnostics are FLOW113 for an argument that does not exist, is given twice or cannot be followed, and FLOW120
    for a mapping that is not known.
    """
    source = owner.module.source
    nodes: dict[str, SgNode] = {}
    unpacked: dict[str, Value] = {}
    problems: list[Diagnostic] = []
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
                listed = ", ".join(f"`{name}`" for name in names[:7]) or "none"
                how = f"did you mean `{close}`?" if close else f"its arguments are {listed}"
                why = "Python would fail when the flow is imported"
                if what in ("Parameter", "IncludeFile", "Config"):
                    why = (
                        "Metaflow passes unknown arguments on to its command line, which does not have this one either"
                    )
                if what in ("Parameter", "IncludeFile") and name == "choices":
                    how = "write `type=click.Choice([…])`, with `from metaflow._vendor import click`"
                if what in ("Parameter", "IncludeFile") and name in CLICK:
                    why = "Metaflow passes it on to its own command line, but orchestrators have no equivalent"
                    how = f"remove it; {CLICK[name]}"
                problems.append(
                    Diagnostic("FLOW113", f"`{what}` has no argument `{name}`", span(source, node), why, how)
                )
            elif name in nodes or name in unpacked:
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
                nodes[name] = value
        elif kind == "dictionary_splat" and evaluator is not None:
            more, wrong = _unpacked(evaluator, owner, node, names, what, {*nodes, *unpacked})
            unpacked.update(more)
            problems += wrong
        elif kind in ("list_splat", "dictionary_splat"):
            why = "its arguments are only known at run time"
            problems.append(
                Diagnostic(
                    "FLOW113",
                    f"`{node.text()[:40]}` in `{what}` unpacks unknown arguments",
                    span(source, node),
                    why,
                    "write the arguments one by one",
                )
            )
        elif count < len(positional):
            if positional[count] in nodes:
                problems.append(
                    Diagnostic(
                        "FLOW113",
                        f"`{what}` is given `{positional[count]}` twice",
                        span(source, node),
                        why="Python would fail when the flow is imported",
                        how="keep one of them",
                    )
                )
            nodes[positional[count]] = node
            count += 1
        else:
            how = f"name it: {', '.join(f'`{name}=`' for name in names[:6])}" if names else "remove it"
            problems.append(
                Diagnostic(
                    "FLOW113",
                    f"`{what}` takes {len(positional) or 'no'} positional arguments",
                    span(source, node),
                    why="Python would fail when the flow is imported",
                    how=how,
                )
            )
    return Bound(nodes, unpacked, problems)


def _unpacked(
    evaluator: Evaluator, owner: Class, node: SgNode, names: tuple[str, ...], what: str, taken: set[str]
) -> tuple[dict[str, Value], list[Diagnostic]]:  # fmt: skip
    """Returns the arguments that `**` unpacks, without those that are `taken`."""
    place = span(owner.module.source, node)
    inner = next((child for child in node.named_children() if child.kind() != "comment"), node)
    try:
        value = folded(evaluator, owner, inner)
        value = value.value if isinstance(value, Late) else value
        if not isinstance(value, dict):
            raise Unfoldable(f"`**` must unpack a mapping, not a value of type `{type(value).__name__}`")
        mapping = plain(value)
    except Reported:
        return {}, []
    except Unfoldable as error:
        shown = " ".join(node.text().split())[:60]
        how = f"write the arguments one by one, or unpack a constant or a part of a `Config`{or_set(inner, error)}"
        return {}, [
            Diagnostic("FLOW120", f"`{shown}` in `{what}` is not known when compiling", place, str(error.args[0]), how)
        ]
    assert isinstance(mapping, dict)
    result: dict[str, Value] = {}
    problems: list[Diagnostic] = []
    for name, item in mapping.items():
        if name in taken:
            why = "Python would fail when the flow is imported"
            problems.append(Diagnostic("FLOW113", f"`{what}` is given `{name}` twice", place, why, "keep one of them"))
        elif name not in names:
            listed = ", ".join(f"`{name}`" for name in names) or "none"
            why = f"`{' '.join(node.text().split())[:60]}` unpacks it"
            problems.append(
                Diagnostic("FLOW113", f"`{what}` has no argument `{name}`", place, why, f"its arguments are {listed}")
            )
        else:
            result[name] = item
    return result, problems


def values(
    evaluator: Evaluator, owner: Class, arguments: dict[str, SgNode], what: str,
    value: Callable[[Evaluator, Class, SgNode], Value] | None = None
) -> tuple[dict[str, Value], list[Diagnostic]]:  # fmt: skip
    """Returns the folded value of each argument, and FLOW120 for each one that cannot be folded.

    `value` overrides how an argument is folded: it returns the value, or raises Unfoldable.
    """
    of = value or (lambda evaluator, owner, node: plain(folded(evaluator, owner, node)))
    result: dict[str, Value] = {}
    problems: list[Diagnostic] = []
    for name, node in arguments.items():
        try:
            try:
                result[name] = of(evaluator, owner, node)
            except Unfoldable:
                if not _is_imported(owner, node):
                    raise
                result[name] = of(evaluator.opening(), owner, node)  # a constant of an installed package
        except Reported:
            continue
        except Unfoldable as error:
            shown = " ".join(node.text().split())
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            problems.append(
                Diagnostic(
                    "FLOW120",
                    f"the value of `{name}` in `{what}` is not known when compiling: `{shown}`",
                    span(owner.module.source, node),
                    str(error.args[0]),
                    _ways(node, error) + (in_container(error) if what == "@environment" else ""),
                )  # fmt: skip
            )
    return result, problems


def _is_imported(owner: Class, node: SgNode) -> bool:
    """Returns True if the expression begins with a name that the module imports."""
    names = [node, *node.find_all(kind="identifier")]
    return any(name.text().partition(".")[0] in owner.module.imports for name in names)


def _ways(node: SgNode, error: Unfoldable) -> str:
    """Returns the ways to make an unknown value known."""
    if isinstance(error, Contained):
        return f"give the value when compiling: `--env {error.name}=VALUE`"
    if isinstance(error, TooEarly):
        return _as_expression(node)
    return f"write a literal or a constant of the flow's own modules, or read it from a `Config`{or_set(node, error)}"


def _as_expression(node: SgNode) -> str:
    shown = " ".join(node.text().split())
    if len(shown) > 80:
        return "write `config_expr('…')` around the whole expression"
    return f"write `config_expr({shown!r})`, in which the config has its value"


def in_container(error: Unfoldable) -> str:
    """Returns the hint that the task's container may give a variable that the compile lacks, else ""."""
    if not isinstance(error, Unset):
        return ""
    return f"; or let the task's container give the variable: `--env {error.name}={RUNTIME}`"


# the kinds of expressions whose value `--set` can give; `Folder.fold` looks them up
_GIVEN = ("identifier", "attribute", "call", "subscript", "binary_operator", "string", "boolean_operator")


def _names(expression: str) -> bool:
    """Returns True if `--set` finds the end of the expression, which it takes for the first `=` outside brackets."""
    from ..options.compile_inputs import pair

    return pair(f"{expression}=") == (expression, "")


def or_set(node: SgNode, error: Unfoldable | None = None, spelling: str = "") -> str:
    """Returns the hint to use `--set` if the command line can give the value of the whole expression.

    Otherwise it gives `spelling`, or the name that `error` says is not known. "" if there is none.
    """
    shown = " ".join(node.text().split())
    if "'" in shown:
        shown = shown.replace("'", '"') if '"' not in shown else ""  # in single quotes of the shell
    is_one = node.kind() in _GIVEN and 0 < len(shown) <= 60 and _names(shown)
    if not is_one:
        shown = spelling or (error.name if isinstance(error, Unknown) else "")
    return f"; or give it when compiling: `--set '{shown}=VALUE'`" if shown and "'" not in shown else ""


def unknown_default(
    name: str, owner: Class, node: SgNode, error: Unfoldable, how: str, spelling: str = ""
) -> Diagnostic:
    """Returns FLOW120 for the default of parameter `name`; `how` is the remedy without `--set`.

    `spelling` is the name by which `--set` gives the default where it cannot give the expression.
    """
    shown = " ".join(node.text().split())[:60]
    what = f"the default of parameter `{name}` is not known when compiling: `{shown}`"
    return Diagnostic(
        "FLOW120", what, span(owner.module.source, node), str(error.args[0]), _way(how, node, error, spelling)
    )


def _way(how: str, node: SgNode, error: Unfoldable, spelling: str) -> str:
    if isinstance(error, Contained):
        return f"give the value when compiling: `--env {error.name}=VALUE`"
    if isinstance(error, TooEarly):
        return _as_expression(node)
    is_whole = node.kind() in ("call", "subscript") and node.text().startswith(("os.", "environ", "getenv"))
    may_be_there = is_whole and not how.startswith("write the path")
    return how + or_set(node, error, spelling) + (in_container(error) if may_be_there else "")


def help_text(evaluator: Evaluator, owner: Class, node: SgNode | None, what: str) -> tuple[str, list[Diagnostic]]:
    """Returns the text of `help=`, and the hint FLOW158 if it is not known, since only a description depends on it."""
    if node is None:
        return "", []
    try:
        return str(plain(folded(evaluator, owner, node)) or ""), []
    except Reported:
        return "", []
    except Unfoldable as error:
        how = f"write a literal or a constant{or_set(node)}"
        message = f"the help text of `{what}` is not known when compiling, so it is left out"
        return "", [Diagnostic("FLOW158", message, span(owner.module.source, node), str(error.args[0]), how, HINT)]


DESCRIBING = ("metavar", "hidden", "show_default", "show_choices", "show_envvar", "is_eager")


def describing(
    evaluator: Evaluator, owner: Class, arguments: dict[str, SgNode], what: str
) -> tuple[dict[str, Value], list[Diagnostic]]:
    """Takes the arguments that only change the help out of `arguments`.

    Returns their values, and the hint FLOW158 for each one that is not known.
    """
    described, hints = values(
        evaluator, owner, {name: arguments.pop(name) for name in DESCRIBING if name in arguments}, what
    )
    return described, [
        replace(hint, code="FLOW158", what=f"{hint.what}, so it is left out", severity=HINT) for hint in hints
    ]


def folded(evaluator: Evaluator, owner: Class, node: SgNode) -> Any:
    """Returns the value of an expression in a class body, where the names of the class come before those of the module.

    A part of a `Config` is `Late` there. Raises Unfoldable.
    """

    def lookup(name: str, at: int | None = None) -> Any:
        body = owner.node.field("body")
        start = body.range().start.index if body is not None else 0
        at = node.range().start.index if at is None else at
        first, _, rest = name.partition(".")
        own = owner.assigned.get(first) if at >= start else None
        # bound later or by this statement: until then the name is the module's
        if own is None or own[0].range().end.index > at:
            return evaluator.constant(owner.module, name)
        if rest:
            raise KeyError(name)
        config = evaluator.config_of(owner, first)
        if config is not None:
            return config
        try:
            if len(own) != 1:
                raise Unfoldable(f"`{first}` is bound or changed more than once in class `{owner.name}`")
            return evaluator.fold(own[0].text(), lambda dotted: lookup(dotted, own[0].range().start.index))
        except Unfoldable:
            for spelling in (f"{owner.name}.{first}", first):
                if spelling in evaluator.set_values:
                    return evaluator.set_values[spelling]
            raise

    return evaluator.fold(node.text(), lookup)


def _content(member: Any) -> Any:
    """Returns the value of a member of an enumeration, if Python takes the member for the value."""
    if isinstance(member, (str, int)):
        return member.content  # type: ignore[union-attr]
    shown = f"{member.owner.name}.{member.label}"
    raise Unfoldable(f"`{shown}` is a member of an enumeration; write `{shown}.value`")


def with_container(evaluator: Evaluator, owner: Class, node: SgNode) -> Value:
    """Returns the value of `vars` of `@environment`, which may hold variables of the task's container."""
    value = folded(evaluator, owner, node)
    if not isinstance(value, dict) or not any(isinstance(item, OfContainer) for item in value.values()):
        return plain(value)
    variables: dict[str, Value] = {}
    for name, item in value.items():
        if isinstance(item, OfContainer):
            variables[str(name)] = {CONTAINER: item.name, "default": plain(item.default)}
        else:
            variables[str(name)] = plain(item)
    return variables


def plain(value: Any) -> Value:
    """Returns the value as JSON has it: a tuple becomes a list, a set a sorted list, a duration its seconds.

    Raises Unfoldable for a value that JSON cannot hold.
    """
    if hasattr(value, "label"):
        value = _content(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfoldable("it contains a lone surrogate, which UTF-8 cannot encode") from None
        return value
    if isinstance(value, float):
        if value != value or abs(value) == float("inf"):
            raise Unfoldable(f"`{value}` is a number that a spec cannot contain")
        return value
    if isinstance(value, Late):
        if value.is_config:
            raise Unfoldable(
                f"`{value.name}` is the `Config` itself, not its value; write `config_expr('{value.name}')`"
            )
        return plain(value.value)
    if isinstance(value, Unsaid):
        raise Unfoldable(f"{value.name} is not known before the flow runs")
    if isinstance(value, OfContainer):
        raise Contained(value)
    if type(value).__name__ == "timedelta":
        return float(value.total_seconds())
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        try:
            return [plain(item) for item in sorted(value)]
        except TypeError:
            raise Unfoldable("a set of different types has no order") from None
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Unfoldable("the keys of a dict must be text")
        return {str(plain(key)): plain(item) for key, item in value.items()}
    raise Unfoldable(f"a value of type `{type(value).__name__}` cannot be written into a spec")

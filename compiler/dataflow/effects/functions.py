"""Functions: finds the function of the flow's own modules that a call reaches, and its effects, once each.

A method is looked up along the class's resolution order, and a name through the module's imports. Code outside the
flow's folder is not followed. Recursion ends at a function that is already being read; results that depend on where
the reading began are not kept.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace

from .records import NOTHING, UNKNOWN, Effects, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast_grep_py import SgNode
    from flowc.compiler.fold.evaluator import Evaluator
    from flowc.compiler.read.members import Member
    from flowc.compiler.source.modules import Class, Module

Bound = tuple[tuple[str, Kind], ...]  # parameter, what it holds

MAX_DEPTH = 40  # of nested calls
MAX_READINGS = 20_000  # of functions in one flow; beyond it, effects are unknown


@record
class Code:
    """The source of a function."""

    module: Module
    node: SgNode  # function_definition or lambda
    owner: Class | None  # of a method

    @property
    def key(self) -> tuple[str, int]:
        return self.module.name, self.node.range().start.index


class Functions:
    """The functions of one flow."""

    def __init__(self, evaluator: Evaluator, order: list[Class], members: dict[str, Member]) -> None:
        self.evaluator = evaluator
        self.order = order
        self.members = members
        self._known: dict[tuple[tuple[str, int], Bound], Effects] = {}
        self._reading: list[tuple[tuple[str, int], Bound]] = []
        self._met = MAX_DEPTH + 1  # the outermost function being read that a call led back to
        self._readings = 0

    def effects(self, code: Code, bound: Bound) -> Effects:
        """Returns the effects of a call of the function; `bound` are the kinds of its parameters."""
        key = (code.key, bound)
        if key in self._known:
            return self._known[key]
        if key in self._reading:
            self._met = min(self._met, self._reading.index(key))
            return NOTHING
        depth = len(self._reading)
        self._readings += 1
        if depth >= MAX_DEPTH or self._readings > MAX_READINGS:
            return UNKNOWN
        from .statement import read_body

        outer, self._met = self._met, MAX_DEPTH + 1
        self._reading.append(key)
        try:
            effects = read_body(self, code, dict(bound))
        finally:
            self._reading.pop()
        if self._met <= depth:
            effects = _of_recursion(effects)
        if self._met >= depth:
            self._known[key] = effects
        self._met = min(outer, self._met) if self._met < depth else outer
        return effects

    def method(self, name: str) -> tuple[Code, tuple[str, ...]] | None:
        """Returns the method `self.NAME`, and the names of its decorators ("?": a decorator without a name)."""
        member = self.members.get(name)
        if member is None or member.kind not in ("method", "step") or member.node.kind() != "function_definition":
            return None
        code = Code(member.owner.module, member.node, member.owner)
        return code, tuple(decorator.name or "?" for decorator in member.decorators)

    def is_followed(self, module: Module, dotted: str) -> bool:
        """Returns True if the name is one of the flow's own functions."""
        return self.function(self.evaluator.resolver.qualify(module, dotted)) is not None

    def inherited(self, owner: Class, name: str) -> Code | None:
        """Returns the method `super().NAME` in a method of the class `owner`."""
        keys = [owner.key for owner in self.order]
        if owner.key not in keys:
            return None
        for above in self.order[keys.index(owner.key) + 1 :]:
            body = above.node.field("body")
            for statement in reversed(body.named_children() if body is not None else []):
                definition = statement.field("definition") if statement.kind() == "decorated_definition" else statement
                if definition is not None and definition.kind() == "function_definition":
                    own = definition.field("name")
                    if own is not None and own.text() == name:
                        return Code(above.module, definition, above)
        return None

    def function(self, qualified: str) -> Code | None:
        """Returns the flow's function of that qualified name, if it is defined once and not decorated."""
        location = self.evaluator.resolver.split(qualified) if qualified else None
        if location is None:
            return None
        home, name = location
        nodes = home.functions.get(name, [])
        if len(nodes) != 1 or nodes[0].kind() != "function_definition" or name in home.assigned:
            return None
        return Code(home, nodes[0], None)


def _of_recursion(effects: Effects) -> Effects:
    """Returns the effects of a recursive function.

    The inner call was assumed to do nothing, so only possible effects are known.
    """
    return replace(
        effects,
        reads=tuple(replace(read, guarded=True) for read in effects.reads),
        must=effects.must - effects.deleted,
        definitions={name: frozenset([None]) for name in effects.definitions},
        leaves=False,
    )


def parameters(code: Code) -> tuple[list[str], bool]:
    """Returns the names of the function's positional parameters, and True if it has others (`*args`, `**kwargs`)."""
    node = code.node.field("parameters")
    names, others = [], False
    for parameter in node.named_children() if node is not None else []:
        kind = parameter.kind()
        if kind == "identifier":
            names.append(parameter.text())
        elif kind in ("default_parameter", "typed_default_parameter"):
            name = parameter.field("name")
            names.append(name.text() if name is not None else "")
        elif kind == "typed_parameter" and parameter.named_children()[0].kind() == "identifier":
            names.append(parameter.named_children()[0].text())
        elif kind in ("list_splat_pattern", "dictionary_splat_pattern", "typed_parameter"):
            others = True
    return names, others


def bind(code: Code, positional: list[Kind | None], named: dict[str, Kind | None], splat: bool) -> Bound | None:
    """Returns the parameters that hold a flow object or similar.

    None if an argument cannot be matched to its parameter.
    """
    names, others = parameters(code)
    tracked = [argument for argument in (*positional, *named.values()) if argument is not None]
    if not tracked:
        return ()
    if splat or (
        others
        and (
            len(positional) > len(names) or any(kind is not None and name not in names for name, kind in named.items())
        )
    ):
        return None
    pairs = [(name, kind) for name, kind in zip(names, positional) if kind is not None]
    pairs += [(name, kind) for name, kind in named.items() if kind is not None]
    return tuple(sorted(pairs, key=lambda pair: pair[0]))

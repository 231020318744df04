"""Calls: of the flow's own functions, which are followed.

Of known Python functions; and of all others, with what is passed to them.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace

from . import binding, expression
from .functions import Code, bind, parameters
from .reader import LocalFunction, Reader
from .records import ANYTHING, INPUT, NOTHING, SELF, UNKNOWN, Effects, Kind, Merge, State, either, element

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode

    # positional, by name, and True if `*` or `**` adds others
    Passed = tuple[list[Kind | None], dict[str, Kind | None], bool]

_PROPERTIES = ("property", "cached_property", "functools.cached_property")
_MUTATORS = frozenset(
    (
        "append extend insert pop popitem remove clear update setdefault add discard sort reverse "
        "appendleft extendleft popleft"
    ).split()
)
# Functions that consume all items of a generator.
_CONSUMERS = frozenset("list tuple set frozenset sorted dict sum min max".split())


def call(reader: Reader, node: SgNode) -> Kind | None:
    function, arguments = node.field("function"), node.field("arguments")
    if function is None or arguments is None or reader.state is None:
        return None
    kind = function.kind()
    if arguments.kind() == "generator_expression":  # sum(… for … in …)
        name = function.text()
        if kind != "identifier":
            expression.use(reader, function)
        held = expression.comprehended(reader, arguments, consumed=name in _CONSUMERS or name.endswith(".join"))
        return (
            held
            if name in ("list", "tuple", "set", "sorted")
            else element(held)
            if name in ("next", "min", "max")
            else None
        )
    if kind == "identifier":
        return _of_name(reader, node, function.text(), arguments)
    if kind == "attribute":
        return _of_attribute(reader, node, function, arguments)
    expression.use(reader, function)
    _escape(reader, _passed(reader, arguments))
    return None


def _passed(reader: Reader, node: SgNode) -> Passed:
    """Reads a call's arguments."""
    positional: list[Kind | None] = []
    named: dict[str, Kind | None] = {}
    splat = False
    for child in node.named_children():
        kind = child.kind()
        if kind == "keyword_argument":
            name, value = child.field("name"), child.field("value")
            if name is not None and value is not None:
                named[name.text()] = expression.result(reader, value)
        elif kind in ("list_splat", "dictionary_splat"):
            splat = True
            expression.use(reader, child)
        elif kind != "comment":
            positional.append(expression.result(reader, child))
    return positional, named, splat


def _escape(reader: Reader, arguments: Passed) -> None:
    for held in (*arguments[0], *arguments[1].values()):
        reader.escape(held)


def _of_name(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> Kind | None:
    assert reader.state is not None
    local = reader.state.env.get(name)
    if isinstance(local, LocalFunction):
        passed = _passed(reader, arguments)
        bound = bind(Code(reader.code.module, local.node, None), *passed)
        if bound is None:
            _escape(reader, passed)
        return _apply(reader, _local(reader, local, dict(bound or ())))
    if local is None and name not in reader.imports:
        handler = _BUILTINS.get(name)
        if handler is not None and reader.qualified(name) == name:
            return handler(reader, node, name, arguments)
    if isinstance(local, Kind):
        reader.escape(local)
    return _of_module(reader, name, arguments)


def _of_module(reader: Reader, dotted: str, arguments: SgNode) -> Kind | None:
    """Handles a call of a module's function or class."""
    passed = _passed(reader, arguments)
    if not any(held is not None for held in (*passed[0], *passed[1].values())):
        return None
    qualified = reader.qualified(dotted)
    code = reader.functions.function(qualified)
    bound = bind(code, *passed) if code is not None else None
    if code is None or bound is None:
        if not qualified.startswith("metaflow."):  # its classes use a flow only to identify the run
            _escape(reader, passed)
        return None
    return _apply(reader, reader.functions.effects(code, bound))


def _of_attribute(reader: Reader, node: SgNode, function: SgNode, arguments: SgNode) -> Kind | None:
    owner, attribute = function.field("object"), function.field("attribute")
    if owner is None or attribute is None:
        return None
    name = attribute.text()
    if (
        owner.kind() == "call"
        and (called := owner.field("function")) is not None
        and called.text() == "super"
        and reader.code.owner is not None
    ):
        return _of_super(reader, name, arguments)
    if owner.kind() in ("identifier", "attribute") and _is_of_module(reader, owner):
        return _of_module(reader, function.text(), arguments)
    held = expression.result(reader, owner)
    what = held.what if held is not None else ""
    if held is not None and what == "self":
        return _of_self(reader, node, name, function, arguments, held)
    if what == "vars":
        _of_vars(reader, node, name, arguments)
        return None
    if what == "input":
        method = reader.functions.method(name)
        passed = _passed(reader, arguments)
        bound = bind(method[0], [held, *passed[0]], passed[1], passed[2]) if method is not None else None
        if method is None or bound is None:
            expression.attribute_of(reader, held, name, function)
            _escape(reader, passed)
        else:
            _apply(reader, reader.functions.effects(method[0], bound))
        return None
    if held is not None and what in ("several", "inputs") and name in ("append", "copy", "reverse", "sort", "pop"):
        for argument in _passed(reader, arguments)[0]:
            if argument is not None and argument.what != "input":
                reader.escape(argument)
        return INPUT if name == "pop" else Kind("several") if name == "copy" else None
    reader.escape(held)
    if name in _MUTATORS and held is None:
        binding.changed(reader, owner)
    passed = _passed(reader, arguments)
    if name == "append" and held is None and owner.kind() == "identifier" and reader.state is not None:
        if len(passed[0]) == 1 and passed[0][0] is not None and passed[0][0].what == "input":
            reader.state.env[owner.text()] = Kind("several", "", False)  # a list that inputs are added to
            return None
    _escape(reader, passed)
    return None


def _is_of_module(reader: Reader, node: SgNode) -> bool:
    """Returns True if the dotted name begins with one that the module binds or the function imports."""
    while node.kind() == "attribute":
        node = node.named_children()[0]
    if node.kind() != "identifier" or reader.state is None:
        return False
    name = node.text()
    module = reader.code.module
    return name in reader.imports or (
        name not in reader.state.env
        and (name in module.imports or name in module.classes or name in module.functions or name in module.assigned)
    )


def _of_super(reader: Reader, name: str, arguments: SgNode) -> Kind | None:
    positional, named, splat = _passed(reader, arguments)
    assert reader.code.owner is not None
    code = reader.functions.inherited(reader.code.owner, name)
    if code is None:
        _escape(reader, (positional, named, splat))
        return None
    bound = bind(code, [SELF, *positional], named, splat)
    return _apply(reader, reader.functions.effects(code, bound) if bound is not None else UNKNOWN)


def _of_vars(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> None:
    """`self.__dict__.NAME(…)`."""
    _escape(reader, _passed(reader, arguments))
    argument_nodes = [child for child in arguments.named_children() if child.kind() != "comment"]
    names = binding.texts(reader, argument_nodes[0]) if name == "get" and argument_nodes else None
    for attribute in names or ():
        reader.read(attribute, node, guarded=True)
    if names is None:
        reader.anything(writes=name not in ("items", "keys", "values", "copy", "get"))


def _of_self(reader: Reader, node: SgNode, name: str, function: SgNode, arguments: SgNode, held: Kind) -> Kind | None:
    if name == "next":
        for child in arguments.named_children():
            value = child.field("value") if child.kind() == "keyword_argument" else None
            if value is not None:
                expression.use(reader, value)
        return None
    if name == "merge_artifacts":
        _merge(reader, node, arguments)
        return None
    if name == "foreach_stack":
        reader.read("input", node)
        return None
    method = reader.functions.method(name)
    decorators = method[1] if method is not None else ()
    if method is None or any(decorator in _PROPERTIES for decorator in decorators):
        expression.attribute_of(reader, held, name, function)
        _escape(reader, _passed(reader, arguments))
        return None
    passed = _passed(reader, arguments)
    me: list[Kind | None] = [] if "staticmethod" in decorators else [None] if "classmethod" in decorators else [held]
    bound = bind(method[0], [*me, *passed[0]], passed[1], passed[2])
    effects = reader.functions.effects(method[0], bound) if bound is not None else UNKNOWN
    plain = all(decorator in ("metaflow.step", "staticmethod", "classmethod") for decorator in decorators)
    return _apply(reader, effects, passed_on=not plain)


# ── the effects of called functions ──────────────────────────────────────────────────────────────────────────────────


def _apply(reader: Reader, effects: Effects, passed_on: bool = False) -> Kind | None:
    """Adds a called function's effects. `passed_on`: it is only passed on, and may run later or never."""
    state = reader.state
    if state is None:
        return None
    certain, guarded = reader.certain and not passed_on, reader.guarded or passed_on
    reader.mentions |= effects.mentions
    for read in effects.reads:
        if read.name in state.must:
            continue
        seen = replace(
            read, certain=read.certain and certain, guarded=read.guarded or guarded, own=False,
            assigned=read.assigned or read.name in state.may,
            unknown=read.unknown or state.unknown, merged=tuple(dict.fromkeys((*state.merged, *read.merged))),
        )  # fmt: skip
        key = (seen.name, id(seen.place), seen.certain, seen.guarded, seen.assigned, seen.unknown, seen.merged)
        if key not in reader.seen:
            reader.seen.add(key)
            reader.reads.append(seen)
    if effects.writes:
        reader.writes += [
            replace(write, certain=write.certain and certain, guarded=write.guarded or guarded)
            for write in effects.writes
        ]
    reader.flow_objects += [
        replace(flow_object, certain=flow_object.certain and certain) for flow_object in effects.flow_objects
    ]
    for gone in effects.deletes:
        assigned = gone.assigned or gone.name in state.may
        reader.deletes.append(
            replace(
                gone,
                certain=gone.certain and certain,
                guarded=gone.guarded or guarded,
                assigned=assigned,
                unknown=gone.unknown or state.unknown,
            )
        )
    if effects.inputs:
        reader.inputs += [
            replace(read, certain=read.certain and certain, guarded=read.guarded or guarded, each=read.each and certain)
            for read in effects.inputs
        ]
    if effects.branches:
        reader.branches += [
            replace(branch, certain=branch.certain and certain, guarded=branch.guarded or guarded)
            for branch in effects.branches
        ]
    merges = [
        replace(
            merge, certain=merge.certain and certain, guarded=merge.guarded or guarded, may=merge.may | state.may,
            must=merge.must | state.must,
            unknown=merge.unknown or state.unknown,
        )
        for merge in effects.merges
    ]  # fmt: skip
    reader.merges += merges
    state.merged = (*state.merged, *merges)
    if not passed_on:
        state.sure_merged = (
            *state.sure_merged,
            *(one for one, original in zip(merges, effects.merges) if original in effects.merged),
        )
    for name in effects.deleted:
        reader.dropped.append(name)
        state.deleted.add(name)
        state.must.discard(name)
    for name in effects.ever:
        value = effects.definitions.get(name, ANYTHING)
        reader.log.append((name, value))
        if name in effects.must and not passed_on:
            state.assign(name, value)
        elif name in effects.may or passed_on:
            state.maybe_assign(name, value)
    reader.unknown_reads = reader.unknown_reads or effects.unknown_reads
    if effects.unknown_writes:
        state.unknown = True
        reader.unknowns += 1
    if passed_on:
        return None
    if effects.leaves:
        reader.state = None
    return effects.returns


def passed_on(reader: Reader, local: LocalFunction, parameter: Kind | None = None) -> None:
    """Handles a nested function that is passed on. `parameter` is its first argument."""
    bound: dict[str, Kind] = {}
    if parameter is not None:
        names, _ = parameters(Code(reader.code.module, local.node, None))
        if names:
            bound[names[0]] = parameter
    _apply(reader, _local(reader, local, bound), passed_on=True)


def _local(reader: Reader, local: LocalFunction, bound: dict[str, Kind]) -> Effects:
    """Returns the effects of a nested function, which sees the variables around it."""
    from .statement import read_nested

    at = local.node.range().start.index
    if at in reader.active or reader.state is None:
        return NOTHING  # a recursive call adds no possible effects
    if len(reader.active) >= _MAX_NESTED:
        return UNKNOWN
    code = Code(reader.code.module, local.node, reader.code.owner)
    names, _ = parameters(code)
    state = State()
    state.env = {**reader.state.env, **dict.fromkeys(names, ANYTHING)}
    state.env.update(bound)
    return read_nested(reader, code, state, (*reader.active, at))


_MAX_NESTED = 12


def accessor(reader: Reader, name: str, which: str, node: SgNode) -> bool:
    """Adds the effects of a property's function and returns True, if the use of `self.NAME` calls one.

    `which` is ".getter" for reading and ".setter" for assigning.
    """
    method = reader.functions.method(name)
    if method is None:
        return False
    code, decorators = method
    if which == ".setter":
        if not any(decorator.endswith(".setter") for decorator in decorators):
            return False
    elif not any(decorator in _PROPERTIES or decorator.endswith((".setter", ".getter")) for decorator in decorators):
        return False
    bound = bind(code, [SELF], {}, False)
    _apply(
        reader,
        reader.functions.effects(code, bound or ()),
        passed_on=any(decorator.endswith(".setter") for decorator in decorators),
    )
    if any(decorator.endswith("cached_property") for decorator in decorators) and reader.state is not None:
        reader.state.maybe_assign(name, ANYTHING)
        reader.log.append((name, ANYTHING))
    return True


def method_passed_on(reader: Reader, name: str, node: SgNode) -> bool:
    """Returns True if `self.NAME`, not called, is a method; its effects may then come at any time."""
    method = reader.functions.method(name)
    if method is None:
        return name in reader.functions.members and reader.functions.members[name].kind in ("method", "step", "class")
    bound = bind(method[0], [SELF], {}, False)
    _apply(reader, reader.functions.effects(method[0], bound or ()), passed_on=True)
    return True


# ── Python's own functions ───────────────────────────────────────────────────────────────────────────────────────────


def is_self(reader: Reader, node: SgNode) -> bool:
    if node.kind() != "identifier" or reader.state is None:
        return False
    held = reader.state.env.get(node.text())
    return isinstance(held, Kind) and held.what == "self"


def asked_for(reader: Reader, node: SgNode, functions: tuple[str, ...]) -> str | None:
    """Returns the NAME in `hasattr(self, NAME)` or `getattr(self, NAME, …)`, if known."""
    function, arguments = node.field("function"), node.field("arguments")
    if function is None or arguments is None or function.text() not in functions or arguments.kind() != "argument_list":
        return None
    argument_nodes = [child for child in arguments.named_children() if child.kind() != "comment"]
    if (
        len(argument_nodes) < 2
        or not is_self(reader, argument_nodes[0])
        or (len(argument_nodes) == 3 and argument_nodes[2].text() not in ("None", "False", "0", "''", '""'))
    ):
        return None
    names = binding.texts(reader, argument_nodes[1])
    return names[0] if names is not None and len(names) == 1 else None


def _attribute_function(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> Kind | None:
    """Handles `getattr`, `hasattr`, `setattr`, `delattr`."""
    argument_nodes = [child for child in arguments.named_children() if child.kind() != "comment"]
    if len(argument_nodes) < 2 or any(
        argument.kind() in ("list_splat", "keyword_argument", "dictionary_splat") for argument in argument_nodes
    ):
        _escape(reader, _passed(reader, arguments))
        return None
    held = expression.result(reader, argument_nodes[0])
    expression.use(reader, argument_nodes[1])
    value = expression.result(reader, argument_nodes[2]) if len(argument_nodes) > 2 else None
    if held is None or reader.state is None:
        reader.escape(value)
        return None
    names = binding.texts(reader, argument_nodes[1])
    if names is None:
        if held.what in ("self", "mixed"):
            reader.anything(reads=name in ("getattr", "hasattr"), writes=name in ("setattr", "delattr"))
        else:
            reader.escape(held)
        return None
    if name in ("getattr", "hasattr"):
        guarded = name == "hasattr" or len(argument_nodes) > 2 or len(names) > 1
        kinds = [expression.attribute_of(reader, held, attribute, node, guarded) for attribute in names]
        return either(kinds[0], value) if len(kinds) == 1 and name == "getattr" else None
    if held.what != "self":
        reader.escape(held)
        return None
    for attribute in names:
        if name == "delattr":
            reader.delete(attribute, node)
        elif not accessor(reader, attribute, ".setter", node):
            definitions = (
                ANYTHING
                if value is not None or len(names) > 1
                else binding.definitions(reader, argument_nodes[2])
                if len(argument_nodes) > 2
                else ANYTHING
            )
            reader.write(attribute, node, definitions, held.sure and len(names) == 1)
    return None


def _vars(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> Kind | None:
    positional, named, splat = _passed(reader, arguments)
    if len(positional) == 1 and positional[0] is not None and positional[0].what == "self":
        if name == "vars":
            return Kind("vars")
        reader.anything(writes=False)  # dir(self)
        return None
    _escape(reader, (positional, named, splat))
    return None


def _harmless(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> None:
    """Handles functions that inspect their arguments, but neither keep them nor touch their attributes."""
    positional, named, _ = _passed(reader, arguments)
    for held in (*positional, *named.values()):
        if held is not None and held.what == "vars":
            reader.anything(writes=False)


def _items(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> Kind | None:
    """Handles `list`, `sorted`, `min`, …: the result contains items of the argument, and `key=` is called with each."""
    key: SgNode | None = None
    plain: list[SgNode] = []
    for child in arguments.named_children():
        of, value = child.field("name"), child.field("value")
        if child.kind() == "keyword_argument" and of is not None and value is not None:
            if of.text() == "key":
                key = value
            else:
                expression.use(reader, value)
        elif child.kind() != "comment":
            plain.append(child)
    if name in ("map", "filter") and len(plain) >= 2:
        key, plain = plain[0], plain[1:]
    kinds = [expression.result(reader, argument) for argument in plain]
    one = (
        element(kinds[0])
        if len(kinds) == 1
        else kinds[0]
        if kinds and all(kind == kinds[0] for kind in kinds)
        else None
    )
    if name in ("min", "max") and len(kinds) > 1 and all(kind is not None and kind.what == "input" for kind in kinds):
        one = INPUT
    if key is not None:
        _key(reader, key, one)
    if one is None or one.what not in ("input", "tuple"):
        for held in kinds:
            reader.escape(held)
        return None
    if name in ("map",):
        return None
    if name in ("next", "min", "max"):
        return Kind(one.what, "", one.sure, False, one.parts)
    if one.what == "tuple":
        return Kind("tuples", "", one.sure, one.every, one.parts)
    return Kind("several", "", one.sure, one.every and name != "filter")


def _key(reader: Reader, node: SgNode, one: Kind | None) -> None:
    """Handles a function that is called with `one`, some or all of the items."""
    if node.kind() == "lambda":
        passed_on(reader, LocalFunction(node), one)
        return
    local = reader.state.env.get(node.text()) if node.kind() == "identifier" and reader.state is not None else None
    if isinstance(local, LocalFunction):
        passed_on(reader, local, one)
    elif one is None:
        expression.use(reader, node)
    elif (code := reader.functions.function(reader.qualified(node.text()))) is not None and (
        bound := bind(code, [one], {}, False)
    ) is not None:
        _apply(reader, reader.functions.effects(code, bound), passed_on=True)
    elif (
        node.kind() == "call"
        and (function := node.field("function")) is not None
        and reader.qualified(function.text()) == "operator.attrgetter"
    ):
        arguments = node.field("arguments")
        for child in arguments.named_children() if arguments is not None else []:
            for name in binding.texts(reader, child) or ():
                expression.attribute_of(reader, one, name, node, guarded=True)
    else:
        expression.use(reader, node)
        reader.escape(one)


def _pairs(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> Kind | None:
    """Handles `enumerate` and `zip`."""
    positional, named, splat = _passed(reader, arguments)
    parts = [element(kind) for kind in positional]
    if splat or not any(part is not None for part in parts):
        _escape(reader, (positional, named, splat))
        return None
    for held, part in zip(positional, parts):
        if part is None:
            reader.escape(held)
    if name == "enumerate":
        parts = [None, parts[0]]
    return Kind("tuples", every=name == "enumerate" and parts[1] is not None and parts[1].every, parts=tuple(parts))


def _evaluate(reader: Reader, node: SgNode, name: str, arguments: SgNode) -> None:
    """Handles `exec`, `eval`, `locals`: anything may happen."""
    _escape(reader, _passed(reader, arguments))
    if reader.state is not None and any(isinstance(held, Kind) for held in reader.state.env.values()):
        reader.anything(writes=name != "locals")


_BUILTINS: dict[str, Callable[[Reader, SgNode, str, SgNode], Kind | None]] = {
    **dict.fromkeys(("getattr", "hasattr", "setattr", "delattr"), _attribute_function),
    **dict.fromkeys(("vars", "dir"), _vars),
    **dict.fromkeys(
        "print isinstance issubclass id type repr str bool callable len hash super".split(), _harmless
    ),
    **dict.fromkeys("list tuple sorted reversed iter set filter next min max map".split(), _items),
    **dict.fromkeys(("enumerate", "zip"), _pairs), **dict.fromkeys(("exec", "eval", "locals"), _evaluate),
}  # fmt: skip


# ── merge_artifacts ──────────────────────────────────────────────────────────────────────────────────────────────────


def _merge(reader: Reader, node: SgNode, arguments: SgNode) -> None:
    by_name: dict[str, SgNode] = {}
    positional: list[SgNode] = []
    is_known = True
    for child in arguments.named_children():
        name, value = child.field("name"), child.field("value")
        if child.kind() == "keyword_argument" and name is not None and value is not None:
            by_name[name.text()] = value
        elif child.kind() in ("list_splat", "dictionary_splat"):
            is_known = False
            expression.use(reader, child)
        elif child.kind() != "comment":
            positional.append(child)
    for key, argument_node in zip(("inputs", "exclude", "include"), positional):
        by_name.setdefault(key, argument_node)
    held = None
    for key, argument in by_name.items():
        if key == "inputs":
            held = expression.result(reader, argument)
        else:
            expression.use(reader, argument)
    is_known = is_known and held is not None and held.every
    include, exclude = (_names(reader, by_name.get(key)) if is_known else None for key in ("include", "exclude"))
    state = reader.state
    if state is None:
        return
    merge = Merge(
        reader.place(node), include, exclude, reader.certain, reader.guarded, frozenset(state.may),
        frozenset(state.must), state.unknown
    )  # fmt: skip
    reader.merges.append(merge)
    state.merged = (*state.merged, merge)
    state.sure_merged = (*state.sure_merged, merge)


def _names(reader: Reader, node: SgNode | None) -> tuple[str, ...] | None:
    """Returns the texts of a list that folds."""
    from flowc.compiler.fold.budget import Unfoldable

    if node is None:
        return ()
    try:
        names = reader.folded(node)
    except Unfoldable:
        return None
    if names is None:
        return ()
    return tuple(names) if isinstance(names, (list, tuple)) and all(isinstance(item, str) for item in names) else None

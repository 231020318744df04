"""Effects: what one function may read, assign and delete on the flow object (`self`) and a join's `inputs`.

They do not depend on the graph.

There are two versions of everything: what *may* happen (complete, unless `unknown…` is true) and what *must* (it
happens whenever the function returns). `statement.py` finds the effects, `assigned.py` combines those of the steps
along the graph.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from ast_grep_py import SgNode
    from flowc.compiler.ir.nodes import Span
    from flowc.compiler.source.modules import Module


class Place:
    """A node of a module's source; equal only to itself."""

    __slots__ = ("imports", "module", "node", "variables")

    def __init__(self, module: Module, node: SgNode, imports: Mapping[str, str], variables: Set[str]) -> None:
        self.module = module
        self.node = node
        self.imports = imports  # imports of the function around the node: local name → qualified
        self.variables = variables  # local variables of that function

    @property
    def span(self) -> Span:
        return span(self.module.source, self.node)


class Definition(Place):
    """An expression whose value a name may hold."""

    __slots__ = ("exact",)

    def __init__(
        self, module: Module, node: SgNode, imports: Mapping[str, str], variables: Set[str], exact: bool = True
    ) -> None:
        super().__init__(module, node, imports, variables)
        self.exact = exact  # False: the object may have changed, so only its type is certain

    def part(self, node: SgNode) -> Definition:
        """Returns an expression inside this one."""
        return Definition(self.module, node, self.imports, self.variables)

    def inexact(self, immutable: bool) -> Definition:
        return self if immutable else Definition(self.module, self.node, self.imports, self.variables, exact=False)


# None among the definitions: a value that cannot be followed
ANYTHING: frozenset[Definition | None] = frozenset([None])

Definitions = frozenset  # of Definition | None: the values that a name may hold


@record
class Kind:
    """The kind of a variable that holds `self`, `inputs` or a value made from them."""

    what: str  # see below
    branch: str = ""  # of an input: the step that names it; "": any
    sure: bool = True  # False: it may hold other values on other paths
    every: bool = False  # contains all inputs, or (an input) is each of them in turn
    parts: tuple[Kind | None, ...] = ()  # of a tuple


# `what` is one of: "self"; "inputs", the argument of a join; "input", one branch's flow object; "several", an iterable
# of inputs; "tuple", of `parts`; "tuples", an iterable of tuples; "vars", `self.__dict__`; "mixed", one of several of
# these.


SELF = Kind("self")
INPUTS = Kind("inputs", every=True)
INPUT = Kind("input")


@record
class Read:
    """A read of `self.name` that the function may reach before it has certainly assigned the name."""

    name: str
    place: Place
    certain: bool  # the function always passes here before it returns
    guarded: bool  # an AttributeError is caught or expected: `getattr` with a default, `try`, a function passed on
    own: bool  # in the step's own function, not in one that it calls
    assigned: bool  # the function may have assigned the name before, on some path
    unknown: bool  # code before it that cannot be followed may have assigned it
    merged: tuple[Merge, ...]  # calls of merge_artifacts that may come before it


@record
class Write:
    """An assignment to `self.name`, or a change of the object that it holds."""

    name: str
    place: Place
    certain: bool
    guarded: bool
    in_place: bool = False  # the object itself is changed: `self.x.append(…)`, `self.x[0] = …`


@record
class Delete:
    """`del self.name`."""

    name: str
    place: Place
    certain: bool
    guarded: bool
    assigned: bool  # the function may have assigned it before
    unknown: bool


@record
class Merge:
    """`self.merge_artifacts(inputs, include=…, exclude=…)`."""

    place: Place
    include: tuple[str, ...] | None  # None: unknown
    exclude: tuple[str, ...] | None
    certain: bool
    guarded: bool
    may: frozenset[str]  # names that the step may have assigned before it
    must: frozenset[str]
    unknown: bool

    def takes(self, name: str) -> bool | None:
        """Returns True if the merge takes the artifact over, given that the inputs agree on it and `self` lacks it.

        None if unknown.
        """
        if self.include is None or self.exclude is None:
            return None
        return name in self.include if self.include else name not in self.exclude

    @property
    def takes_all(self) -> bool:
        return self.include == () and self.exclude == ()


@record
class InputRead:
    """A read of `name` of a join's inputs, as in `inputs.branch.name` or `[each.name for each in inputs]`."""

    name: str
    branch: str  # "": not one that is named
    place: Place
    certain: bool
    guarded: bool
    each: bool  # of all inputs, whenever the function returns


@record
class BranchUse:
    """A use of `inputs.branch`."""

    branch: str
    place: Place
    certain: bool
    guarded: bool


@record
class Effects:
    """The effects of a function."""

    reads: tuple[Read, ...] = ()
    mentions: frozenset[str] = frozenset()  # every name that it may read, even after assigning it
    writes: tuple[Write, ...] = ()
    deletes: tuple[Delete, ...] = ()
    merges: tuple[Merge, ...] = ()
    inputs: tuple[InputRead, ...] = ()
    branches: tuple[BranchUse, ...] = ()
    ever: frozenset[str] = frozenset()  # assigned on some path, perhaps one that ends in an exception
    may: frozenset[str] = frozenset()  # assigned when it returns, on some path
    must: frozenset[str] = frozenset()  # assigned and not deleted, whenever it returns
    deleted: frozenset[str] = frozenset()  # on some path
    definitions: Mapping[str, frozenset[Definition | None]] = {}  # the values of each of `may` then
    merged: tuple[Merge, ...] = ()  # certainly called when it returns
    unknown_reads: bool = False
    unknown_writes: bool = False
    flow_objects: tuple[Write, ...] = ()  # assignments of `self`, `inputs` or a value that contains one of them
    returns: Kind | None = None
    leaves: bool = False  # it never returns: it always raises


NOTHING = Effects()
UNKNOWN = Effects(unknown_reads=True, unknown_writes=True)


class State:
    """The facts at one point of a function. Changed in place; `copy` where paths diverge, `joined` where they meet."""

    __slots__ = ("definitions", "deleted", "env", "may", "merged", "must", "sure_merged", "unknown")

    def __init__(self) -> None:
        self.may: set[str] = set()
        self.must: set[str] = set()
        self.deleted: set[str] = set()
        self.definitions: dict[str, frozenset[Definition | None]] = {}
        self.env: dict[str, object] = {}  # local variable → Kind, Definition, LocalFunction; absent: unknown
        self.merged: tuple[Merge, ...] = ()  # perhaps
        self.sure_merged: tuple[Merge, ...] = ()
        self.unknown = False  # anything may have been assigned

    def copy(self) -> State:
        copy = State()
        copy.may, copy.must, copy.deleted = set(self.may), set(self.must), set(self.deleted)
        copy.definitions, copy.env = dict(self.definitions), dict(self.env)
        copy.merged, copy.sure_merged = self.merged, self.sure_merged
        copy.unknown = self.unknown
        return copy

    def assign(self, name: str, value: frozenset[Definition | None]) -> None:
        self.may.add(name)
        self.must.add(name)
        self.definitions[name] = value

    def maybe_assign(self, name: str, value: frozenset[Definition | None]) -> None:
        self.may.add(name)
        self.definitions[name] = self.definitions.get(name, frozenset()) | value

    def delete(self, name: str) -> None:
        self.may.discard(name)
        self.must.discard(name)
        self.definitions.pop(name, None)
        self.deleted.add(name)


def joined(one: State | None, other: State | None) -> State | None:
    """Returns the state where two paths meet; None for a path that does not get there.

    Changes and returns `one` if given.
    """
    if one is None or other is None:
        return other if one is None else one
    one.may |= other.may
    one.must &= other.must
    one.deleted |= other.deleted
    for name, value in other.definitions.items():
        mine = one.definitions.get(name)
        one.definitions[name] = value if mine is None or mine is value else mine | value
    for name in one.env.keys() | other.env.keys():
        mine_, others = one.env.get(name), other.env.get(name)
        if mine_ is not others:
            both = mixed(mine_, others, name in one.env and name in other.env)
            if both is None:
                one.env.pop(name, None)
            else:
                one.env[name] = both
    one.merged = tuple(dict.fromkeys((*one.merged, *other.merged)))
    one.sure_merged = tuple(merge for merge in one.sure_merged if merge in other.sure_merged)
    one.unknown = one.unknown or other.unknown
    return one


def mixed(one: object, other: object, both_bound: bool) -> object:
    """Returns the kind of a variable that holds the one on one path and the other on the other path."""
    if one == other:
        return one
    for mine, others in ((one, other), (other, one)):
        if isinstance(mine, Kind):
            if not both_bound and others is None:
                return mine  # unbound on the other path, where reading it is a different error
            if isinstance(others, Kind):
                return either(mine, others)
            return Kind(mine.what, mine.branch, False, mine.every, mine.parts)
    return None


def either(one: Kind | None, other: Kind | None) -> Kind | None:
    """Returns the kind of a value that is one or the other."""
    if one == other or one is None or other is None:
        held = one if one is not None else other
        return held if one == other or held is None else Kind(held.what, held.branch, False, held.every, held.parts)
    if one.what == other.what and one.what not in ("tuple", "tuples"):
        return Kind(
            one.what,
            one.branch if one.branch == other.branch else "",
            one.sure and other.sure,
            one.every and other.every,
        )
    return Kind("mixed", sure=False)


def element(held: Kind | None) -> Kind | None:
    """Returns the kind of its items."""
    if held is None:
        return None
    if held.what in ("inputs", "several"):
        return Kind("input", "", held.sure, held.every)
    if held.what == "tuples":
        return Kind("tuple", "", held.sure, held.every, held.parts)
    return None

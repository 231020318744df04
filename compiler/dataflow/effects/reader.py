"""The progress of reading one function's body.

Holds the events so far, the state at this point, and the certainty of reaching it.

`expression.py`, `calls.py`, `binding.py` and `statement.py` are plain functions over a `Reader`.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace

from .records import BranchUse, Definition, Delete, InputRead, Kind, Merge, Place, Read, State, Write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from .functions import Code, Functions

MAX_REPEATS = 200  # of second readings of loop bodies, in one function


class LocalFunction:
    """A function or lambda inside the one being read."""

    __slots__ = ("node",)

    def __init__(self, node: SgNode) -> None:
        self.node = node


class Items:
    """A variable of a loop over an expression whose items may fold: `for name in ("a", "b")`."""

    __slots__ = ("first", "node")

    def __init__(self, node: SgNode, first: bool) -> None:
        self.node = node
        self.first = first  # the first of each pair


class Loop:
    """A loop that is being read."""

    def __init__(self) -> None:
        self.breaks: State | None = None  # the joined states of its `break`s
        self.nexts: State | None = None  # the joined states of its `continue`s


class Mark:
    """A point of the reading to return to."""

    __slots__ = (
        "branches",
        "deletes",
        "dropped",
        "flow_objects",
        "inputs",
        "log",
        "merges",
        "reads",
        "unknowns",
        "writes",
    )

    def __init__(self, reader: Reader) -> None:
        self.reads, self.writes, self.deletes, self.merges = (
            len(reader.reads),
            len(reader.writes),
            len(reader.deletes),
            len(reader.merges),
        )
        self.inputs, self.branches, self.flow_objects = (
            len(reader.inputs),
            len(reader.branches),
            len(reader.flow_objects),
        )
        self.log, self.dropped, self.unknowns = len(reader.log), len(reader.dropped), reader.unknowns


class Reader:
    """The reading of one function."""

    def __init__(self, functions: Functions, code: Code, state: State, active: tuple[int, ...] = ()) -> None:
        self.functions = functions
        self.code = code
        self.state: State | None = state  # None: unreachable
        self.exits: State | None = None  # the joined states of its `return`s
        self.active = active  # enclosing functions that are being read, by place
        self.reads: list[Read] = []
        self.mentions: set[str] = set()
        self.writes: list[Write] = []
        self.deletes: list[Delete] = []
        self.merges: list[Merge] = []
        self.inputs: list[InputRead] = []
        self.branches: list[BranchUse] = []
        self.flow_objects: list[Write] = []
        self.log: list[tuple[str, frozenset[Definition | None]]] = []  # every assignment of an artifact
        self.dropped: list[str] = []  # every `del` of one
        self.unknowns = 0  # number of places that may assign anything
        self.unknown_reads = False
        self.returns: Kind | None = None
        self.returned_other = False  # also returns other values
        self.is_generator = False
        self.imports: dict[str, str] = {}  # replaced, never changed, since Places keep it
        self.variables: set[str] = set(state.env)  # finally, every local variable
        self.globals: set[str] = set()
        self.uncertain = 0  # conditions and loops around this point
        self.guards = 0  # handlers around it that would catch an AttributeError
        self.parted = False  # an iteration of the loop may have ended before this point
        self.returned = False  # the function may have
        self.loops: list[Loop] = []
        self.repeats = 0
        self.seen: set[tuple[object, ...]] = set()  # reads of called functions that are already recorded

    @property
    def certain(self) -> bool:
        return not (self.uncertain or self.parted or self.returned)

    @property
    def guarded(self) -> bool:
        return self.guards > 0

    def place(self, node: SgNode) -> Place:
        return Place(self.code.module, node, self.imports, self.variables)

    def definition(self, node: SgNode) -> frozenset[Definition | None]:
        return frozenset([Definition(self.code.module, node, self.imports, self.variables)])

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, name: str, node: SgNode, guarded: bool = False) -> None:
        state = self.state
        if state is None:
            return
        self.mentions.add(name)
        if name not in state.must:
            guarded = guarded or self.guarded
            self.reads.append(
                Read(
                    name, self.place(node), self.certain, guarded, True, name in state.may, state.unknown, state.merged
                )
            )

    def write(self, name: str, node: SgNode, value: frozenset[Definition | None], sure: bool = True) -> None:
        state = self.state
        if state is None:
            return
        self.writes.append(Write(name, self.place(node), self.certain and sure, self.guarded))
        self.log.append((name, value))
        if sure:
            state.assign(name, value)
        else:
            state.maybe_assign(name, value)

    def change(self, name: str, node: SgNode) -> None:
        """Records a change in place of the object in `self.name`."""
        if self.state is not None:
            self.writes.append(Write(name, self.place(node), self.certain, self.guarded, in_place=True))

    def delete(self, name: str, node: SgNode) -> None:
        state = self.state
        if state is None:
            return
        self.deletes.append(
            Delete(name, self.place(node), self.certain, self.guarded, name in state.may, state.unknown)
        )
        state.delete(name)
        self.dropped.append(name)

    def anything(self, reads: bool = True, writes: bool = True) -> None:
        """Records that code here cannot be followed."""
        if self.state is None:
            return
        self.unknown_reads = self.unknown_reads or reads
        if writes:
            self.state.unknown = True
            self.unknowns += 1

    def escape(self, held: Kind | None) -> None:
        """Records that a flow object, or a value that contains one, goes to code that is not followed."""
        if held is None:
            return
        if held.what in ("self", "mixed", "vars"):
            self.anything()
        elif held.what in ("tuple", "tuples"):
            for part in held.parts:
                self.escape(part)
        else:
            self.anything(writes=False)

    # ── loops and handlers look back at earlier events ───────────────────────────────────────────────────────────────

    def forget(self, mark: Mark) -> None:
        """Removes the events since the mark."""
        del (
            self.reads[mark.reads :],
            self.writes[mark.writes :],
            self.deletes[mark.deletes :],
            self.merges[mark.merges :],
        )
        del self.inputs[mark.inputs :], self.branches[mark.branches :], self.flow_objects[mark.flow_objects :]
        self.seen.clear()

    def may_repeat(self) -> bool:
        self.repeats += 1
        return self.repeats <= MAX_REPEATS

    def in_loop(self, mark: Mark) -> None:
        """Makes assignments late in a loop's body visible to reads early in its next iteration."""
        assigned = {name for name, _ in self.log[mark.log :]}
        unknown, merges = self.unknowns > mark.unknowns, tuple(self.merges[mark.merges :])
        if not (assigned or unknown or merges):
            return
        for at in range(mark.reads, len(self.reads)):
            read = self.reads[at]
            if unknown or merges or read.name in assigned:
                assigned_before = read.assigned or read.name in assigned
                self.reads[at] = replace(
                    read, assigned=assigned_before, unknown=read.unknown or unknown, merged=_both(read.merged, merges)
                )
        for at in range(mark.deletes, len(self.deletes)):
            gone = self.deletes[at]
            self.deletes[at] = replace(
                gone, assigned=gone.assigned or gone.name in assigned, unknown=gone.unknown or unknown
            )

    def since(self, mark: Mark, state: State) -> None:
        """Turns `state`, that of the mark, into the state of a path that left at any point since."""
        for name, value in self.log[mark.log :]:
            state.maybe_assign(name, value)
        gone = self.dropped_since(mark)
        state.must -= gone
        state.deleted |= gone
        state.unknown = state.unknown or self.unknowns > mark.unknowns
        state.merged = _both(state.merged, tuple(self.merges[mark.merges :]))

    def dropped_since(self, mark: Mark) -> set[str]:
        return set(self.dropped[mark.dropped :])

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def qualified(self, dotted: str) -> str:
        """Returns the qualified name of a dotted name here; "" for a local variable."""
        first, _, rest = dotted.partition(".")
        if first in self.imports:
            return f"{self.imports[first]}.{rest}" if rest else self.imports[first]
        if self.state is not None and first in self.state.env:
            return ""
        return self.functions.evaluator.resolver.qualify(self.code.module, dotted)

    def imported(self, name: str, qualified: str) -> None:
        self.imports = {**self.imports, name: qualified}
        if self.state is not None:
            self.state.env.pop(name, None)

    def constant(self, name: str) -> object:
        """Returns the value of a name that no local variable hides. Raises KeyError."""
        first = name.partition(".")[0]
        if first in self.imports or (self.state is not None and first in self.state.env):
            raise KeyError(name)
        return self.functions.evaluator.constant(self.code.module, name)

    def folded(self, node: SgNode) -> object:
        """Returns the value of an expression. Raises Unfoldable."""
        from flowc.compiler.fold.expressions import fold

        return fold(node.text(), self.constant)


def _both(one: tuple[Merge, ...], other: tuple[Merge, ...]) -> tuple[Merge, ...]:
    return tuple(dict.fromkeys((*one, *other))) if other else one

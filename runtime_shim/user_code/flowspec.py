"""`FlowSpec`: the object that a step's method gets as `self`.

Artifacts are its attributes. This module decides where they come from and which may be set. The rules are in Metaflow's
documentation, basics and client; where that is silent, they were measured (docs/language.md).
"""

from __future__ import annotations

import os
import sys
from _collections_abc import Iterator

from ..artifacts import manifest as artifacts
from ..artifacts.manifest import INTERNAL, Manifest
from ..store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, List, Optional, Tuple, Union

    from .foreach_items import Collections

ITEMS = "_flowc_items"  # the items of a foreach over an unordered collection, in a fixed order

_READ_ONLY = "Flow level attributes and Parameters are not modifiable"


_PLAIN = ("list", "tuple", "dict", "str", "range")  # types of collections that do not change when an item is taken
_NOT_CONSTANT = frozenset(("cmd", "foreach_stack", "index", "input", "script_name", "name"))


# a named one: `collections` takes longer to import than a task may
class ForeachFrame(tuple):  # type: ignore[type-arg]
    """One open foreach of `self._foreach_stack`.

    Its items are `step` (the first of its body), `var` (the artifact), `num_splits`, `index` and `value`, a text.
    """

    step, var, num_splits, index, value = (property(lambda self, at=at: tuple.__getitem__(self, at)) for at in range(5))  # type: ignore[misc]


CONTROL_TASK_TAG, UBF_CONTROL, UBF_TASK = "control_task", "ubf_control", "ubf_task"  # of `metaflow.unbounded_foreach`


class UnboundedForeachInput:
    """Base class of Metaflow's extensions for a foreach with an unknown number of items.

    It can be imported here, but its use is refused.
    """


class State:
    """A flow object's knowledge about its task."""

    def __init__(
        self, store: Store, flow: str, step: str, manifest: Manifest, stack: List[Dict[str, Any]], fixed: FrozenSet[str]
    ) -> None:
        self.store = store
        self.flow = flow
        self.step = step
        self.manifest = manifest  # what the task inherits
        self.stack = stack  # as in Record.stack
        self.fixed = fixed  # names of parameters and constants
        self.is_join = False
        self.targets: List[str] = []  # steps of the graph
        self.graph: Any = None  # Graph
        self.next: Optional[List[str]] = None
        self.splits: Optional[int] = None
        self.over: Optional[str] = None
        self.caught = False  # `@catch` made an artifact of the step's exception
        self.inputs: Dict[int, Any] = {}  # level → item, once read
        self.collections: Optional[Collections] = None  # of the open foreaches, once an item was read
        self.is_first = False  # the run's first task
        self.initial: Dict[str, Any] = {}  # attributes that the flow's own `__init__` has set


class FlowSpec:
    """Base class of flows."""

    _flowc: State

    def __init__(self, use_cli: bool = True) -> None:
        if "_flowc_reached" in self.__dict__:
            from .own_init import is_reached

            self.name = type(self).__name__
            if is_reached(self, use_cli):
                return
        if use_cli:
            from .. import hooks

            source = getattr(sys.modules[type(self).__module__], "__file__", sys.argv[0])
            if os.path.abspath(sys.argv[0]) == os.path.abspath(source):
                source = sys.argv[0]  # as the user typed it
            sys.exit(hooks.registered["command_line"](source, type(self).__name__, sys.argv[1:]))
        self.name = type(self).__name__

    # ── artifacts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__.get("_flowc")
        if state is not None and name in state.manifest and not name.startswith("__"):
            value = state.collections.take(name) if state.collections is not None else None
            if value is None:
                value = artifacts.load(state.store, state.flow, name, state.manifest[name])
            self.__dict__[name] = value
            return value
        raise AttributeError(f"Flow {type(self).__name__} has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__.get("_flowc")
        if state is not None and name in state.fixed:
            raise AttributeError(_READ_ONLY)
        object.__setattr__(self, name, value)

    def __iter__(self) -> Any:
        """Iterates over the steps of the flow, as functions."""
        attributes = (getattr(type(self), name, None) for name in dir(type(self)))
        return iter([attribute for attribute in attributes if getattr(attribute, "is_step", False)])

    def __str__(self) -> str:
        state = self.__dict__.get("_flowc")
        if state is None:
            return f"<flow {type(self).__name__}>"
        where = ",".join(str(frame["index"]) for frame in state.stack)
        item = self.input if where else None
        text = "" if item is None else f" (input: {str(item)[:20]}{'...' if len(str(item)) > 20 else ''})"
        return f"<flow {type(self).__name__} step {state.step}{f'[{where}]' if where else ''}{text}>"

    def __getstate__(self) -> Any:
        from ..exceptions import MetaflowException

        raise MetaflowException(
            "a flow object cannot be saved: if `self` or one of `inputs` was assigned to an attribute, assign the "
            "values that you need from it instead"
        )

    @property
    def script_name(self) -> str:
        """The name of the flow's file."""
        return os.path.basename(getattr(sys.modules[type(self).__module__], "__file__", "") or "")

    @property
    def _current_step(self) -> str:
        return self._flowc.step

    @property
    def _foreach_stack(self) -> List[ForeachFrame]:
        """The open foreaches, outermost first, in Metaflow's form."""
        targets, frames = self._flowc.graph.targets, enumerate(self._flowc.stack)
        return [
            ForeachFrame(
                (targets(frame["step"])[0], frame["over"], frame["splits"], frame["index"], self._shown(level))
            )
            for level, frame in frames
        ]

    def _shown(self, level: int) -> Optional[str]:
        """Returns a short text for the item of one level, as measured; Metaflow's documentation does not define it."""
        import reprlib

        frame = self._flowc.stack[level]
        if frame["over"] is not None and not hasattr(self, frame["over"]):
            return None
        items = None if frame["over"] is None else getattr(self, frame["over"])
        item = list(items)[frame["index"]] if isinstance(items, dict) else self._item(level)
        return (
            "None"
            if item is None
            else str(item)[:30]
            if isinstance(item, (str, int, float, bool))
            else reprlib.repr(item)[:30]
        )

    @property
    def _graph(self) -> Any:
        from .graph_nodes import GraphNodes

        return GraphNodes(self._flowc.graph)

    @property
    def _graph_info(self) -> Dict[str, Any]:
        from .graph_info import graph_info

        return graph_info(self._flowc.graph)

    # ── where am I ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def index(self) -> Optional[int]:
        """The index of this task in the innermost foreach; None outside."""
        stack = self._flowc.stack
        return stack[-1]["index"] if stack else None

    @property
    def input(self) -> Any:
        """The item of this task in the innermost foreach; None outside."""
        return self._item(len(self._flowc.stack) - 1) if self._flowc.stack else None

    def foreach_stack(self) -> List[Tuple[int, Optional[int], Any]]:
        """Returns (index, number of splits, item) of every open foreach, outermost first. A gang has no number."""
        return [
            (frame["index"], frame["splits"] if frame["over"] is not None else None, self._item(level))
            for level, frame in enumerate(self._flowc.stack)
        ]

    def _item(self, level: int) -> Any:
        state = self._flowc
        if level not in state.inputs:
            state.inputs[level] = self._found_item(state.stack[level])
        return state.inputs[level]

    def _found_item(self, frame: Dict[str, Any]) -> Any:
        """Returns the item of one level.

        Returns None if the artifact of that foreach is not visible, as in a join that has not merged it.
        """
        over, index = frame["over"], frame["index"]
        if over is None:  # a gang: its tasks differ in the node's number
            return index
        name = f"{ITEMS}_{over}" if frame.get("fixed_order") else over
        try:
            items = self._collection(name)
        except AttributeError:
            return None
        try:
            item = items[index]
        except TypeError:
            item = next(item for position, item in enumerate(items) if position == index)
        except KeyError:
            if isinstance(items, dict):
                text = (
                    f"the foreach is over `{over}`, a dict without the key {index}: its items are looked up by "
                    "number; make a list of it"
                )
                raise KeyError(text) from None
            raise
        if self._flowc.collections is not None:
            self._flowc.collections.watch(name, item)
        return item

    def _collection(self, name: str) -> Any:
        """Returns the artifact that a foreach is over, and makes it no attribute unless that could be noticed."""
        state = self._flowc
        entry = state.manifest.get(name)
        if entry is None or entry["type"] not in _PLAIN or name in self.__dict__ or hasattr(type(self), name):
            return getattr(self, name)
        if state.collections is None:
            from .foreach_items import Collections

            state.collections = Collections(state.store, state.flow)
        return state.collections.get(name, entry)

    # ── joins ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def merge_artifacts(
        self, inputs: Any, exclude: Union[None, str, List[str]] = None, include: Optional[List[str]] = None
    ) -> None:
        """Takes over artifacts that the inputs agree on and `self` does not have yet.

        Raises for those that they disagree on, and for a missing `include`.
        """
        from ..exceptions import MetaflowException, MissingInMergeArtifactsException, UnhandledInMergeArtifactsException

        state = self._flowc
        # as in Metaflow, a string is searched for names: `"ab"` leaves out `a`
        exclude = exclude if isinstance(exclude, str) else list(exclude or [])
        include = list(include or [])
        if not state.is_join:
            raise MetaflowException(f"merge_artifacts was called in step `{state.step}`, which is not a join")
        if exclude and include:
            raise MetaflowException("merge_artifacts takes `include` or `exclude`, not both")
        merged: Manifest = {}
        # a name for each branch whose value differs from the first, as in Metaflow's exception
        conflicts: List[str] = []
        for branch in inputs:
            for name, entry in branch._flowc.manifest.items():
                if (
                    name in state.fixed
                    or name in exclude
                    or (include and name not in include)
                    or name.startswith(ITEMS)
                    or self._has(name)
                ):
                    continue
                if merged.setdefault(name, entry)["digest"] != entry["digest"]:
                    conflicts.append(name)
        if conflicts:
            listed = ", ".join(sorted(set(conflicts)))
            text = (
                f"merge_artifacts in step `{state.step}`: branches disagree on {listed}; set them on self before, or "
                "exclude them"
            )
            raise UnhandledInMergeArtifactsException(text, sorted(conflicts))
        missing = [name for name in include if name not in merged and not self._has(name)]
        if missing:
            text = f"merge_artifacts in step `{state.step}`: no branch has {', '.join(missing)}"
            raise MissingInMergeArtifactsException(text, missing)
        state.manifest.update(merged)

    def _has(self, name: str) -> bool:
        return name in self.__dict__ or name in self._flowc.manifest or hasattr(type(self), name)

    # ── transitions ─────────────────────────────────────────────────────────────────────────────────────────────────

    def next(self, *dsts: Any, **kwargs: Any) -> None:
        """Chooses the next step. It must be the last call of a step."""
        if "_flowc" not in self.__dict__:
            raise wrong_next("self.next was called in `__init__`: only a step can call it")
        state = self._flowc
        step = state.step
        foreach, condition, parallel = (
            kwargs.pop("foreach", None),
            kwargs.pop("condition", None),
            kwargs.pop("num_parallel", None),
        )
        if kwargs:
            raise wrong_next(f"step `{step}`: self.next has no argument {next(iter(kwargs))!r}")
        if state.next is not None:
            raise wrong_next(f"step `{step}` called self.next twice")
        if condition is not None or (dsts and isinstance(dsts[0], dict)):
            self._switch(dsts, condition, foreach is not None or parallel is not None)
            return
        names = [self._target(target) for target in dsts]
        if not names:
            raise wrong_next(f"step `{step}`: self.next was given no step")
        if foreach is not None and parallel is not None:
            raise wrong_next(f"step `{step}`: self.next takes `foreach` or `num_parallel`, not both")
        if foreach is not None:
            self._foreach(names, foreach)
        elif parallel:
            if len(names) != 1 or not hasattr(parallel, "__index__") or parallel < 1:
                raise wrong_next(
                    f"step `{step}`: num_parallel must be a number of at least 1, with exactly one step, not "
                    f"{parallel!r}"
                )
            state.splits, state.over = int(parallel), None
        state.next = names

    def _target(self, target: Any) -> str:
        name = getattr(target, "__name__", None)
        function = getattr(target, "__func__", None)
        attribute = (
            next(
                (
                    target
                    for target in self._flowc.targets
                    if getattr(getattr(type(self), target, None), "__wrapped__", getattr(type(self), target, None))
                    is function
                ),
                None,
            )
            or name
        )
        if (
            getattr(target, "__self__", None) is not self
            or not isinstance(attribute, str)
            or not getattr(getattr(type(self), attribute, None), "is_step", False)
        ):
            raise wrong_next(
                f"step `{self._flowc.step}`: self.next was given {target!r}, which is not a step of this flow"
            )
        return attribute

    def _foreach(self, names: List[str], over: Any) -> None:
        state, step = self._flowc, self._flowc.step
        if not isinstance(over, str):
            raise wrong_next(f"step `{step}`: foreach must be the name of an artifact, as a string")
        if len(names) != 1:
            raise wrong_next(f"step `{step}`: a foreach must go to exactly one step")
        try:
            items = getattr(self, over)
        except AttributeError:
            raise wrong_next(f"step `{step}`: the foreach is over `{over}`, which was never set") from None
        if isinstance(items, Iterator):
            raise wrong_next(
                f"step `{step}`: the foreach is over `{over}`, which can be read only once: make a list of it"
            )
        if isinstance(items, UnboundedForeachInput):
            raise wrong_next(
                f"step `{step}`: the foreach is over `{over}`, an UnboundedForeachInput: flowc must know the number "
                "of its items"
            )
        try:
            count = sum(1 for _ in items)
        except Exception as error:
            raise wrong_next(
                f"step `{step}`: the foreach is over `{over}`, whose items cannot be read: {error}"
            ) from error
        if not count:
            raise wrong_next(f"step `{step}`: the foreach is over `{over}`, which is empty")
        if isinstance(items, (set, frozenset)):  # each process would order the items differently
            object.__setattr__(self, f"{ITEMS}_{over}", list(items))
        state.splits, state.over = count, over

    def _switch(self, dsts: Tuple[Any, ...], condition: Any, mixed: bool) -> None:
        state, step = self._flowc, self._flowc.step
        if len(dsts) != 1 or not isinstance(dsts[0], dict) or not dsts[0] or not isinstance(condition, str) or mixed:
            raise wrong_next(
                f"step `{step}`: a switch must be written as self.next({{value: self.step, …}}, condition='artifact')"
            )
        try:
            value = getattr(self, condition)
        except AttributeError:
            raise wrong_next(f"step `{step}`: the switch is on `{condition}`, which was never set") from None
        if value not in dsts[0]:
            cases = ", ".join(repr(target) for target in dsts[0])
            raise RuntimeError(
                f"step `{step}`: the switch is on `{condition}`, which is {value!r}: none of the cases {cases}"
            )
        for target in dsts[0].values():
            self._target(target)
        state.next = [self._target(dsts[0][value])]


def wrong_next(text: str) -> Exception:
    """Returns the exception for a wrong `self.next`. Imports the module of exceptions on demand."""
    from ..exceptions import InvalidNextException

    return InvalidNextException(text)


_METHOD = type(FlowSpec(use_cli=False).next)


def prepare(flow_class: type[FlowSpec], state: State, is_input: bool = False) -> FlowSpec:
    """Returns a flow object for the task, or for one of its `inputs`.

    Exceptions of the flow's own `__init__` propagate.
    """
    flow = flow_class.__new__(flow_class)
    if flow_class.__init__ is not FlowSpec.__init__:
        from . import own_init

        state.initial = own_init.run(flow, is_input)
        for name in state.fixed.intersection(flow.__dict__):  # as in Metaflow, parameters and constants win
            del flow.__dict__[name]
    flow.__dict__["_flowc"] = state
    # set again in every task, as in Metaflow, whatever an earlier step has set
    flow.__dict__["name"] = flow_class.__name__
    return flow


def constants(flow_class: type[FlowSpec]) -> Dict[str, Any]:
    """Returns the class's constants by name.

    They are the names that its bodies bind, except functions, properties, classes, parameters, and names with an
    underscore.
    """
    owners: Dict[str, Any] = {}
    for owner in flow_class.__mro__:
        if owner is not FlowSpec and owner is not object:
            for name in owner.__dict__:
                owners.setdefault(name, owner)
    values = {
        name: getattr(flow_class, name, None)
        for name in owners
        if not name.startswith("_") and name not in _NOT_CONSTANT
    }
    return {
        name: value
        for name, value in values.items()
        if not isinstance(value, (type, _METHOD)) and not hasattr(type(value), "__get__")
    }


def _underscored(kind: type[FlowSpec]) -> Iterator[str]:
    """Yields the class's attributes with one leading underscore, except properties.

    They are not constants, but they are artifacts (measured).
    """
    seen = set()
    for owner in kind.__mro__:
        for name, value in owner.__dict__.items() if owner is not FlowSpec else ():
            if name.startswith("_") and not name.startswith(("__", INTERNAL)) and name not in seen:
                seen.add(name)
                if not isinstance(value, property):
                    yield name


def saved(flow: FlowSpec) -> Manifest:
    """Returns the manifest of the task: what it inherits, all that it set, and what it read if that has changed.

    Raises artifacts.Unpicklable.
    """
    state, kind = flow._flowc, type(flow)
    # an attribute that `__init__` set is saved even if the step deletes it
    set_by = {**state.initial, **flow.__dict__} if state.is_first else flow.__dict__
    if state.collections is not None:
        set_by = {**state.collections.changed(), **set_by}
    values = {
        name: value
        for name, value in set_by.items()
        if name != "_flowc" and name not in state.fixed and artifacts.is_saved(name, value)
    }
    if values.get("name") == kind.__name__ and "name" not in state.manifest:
        del values["name"]
    for name in _underscored(kind):
        if name not in values and artifacts.is_saved(name, value := getattr(flow, name)):
            values[name] = value  # set again in every task: the class's value hides that of an earlier step
    return artifacts.save_all(state.store, state.flow, values, state.manifest)

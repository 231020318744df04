"""`Layers`: an immutable mapping. A changed copy shares everything with the original but the changes.

The facts about artifacts before and after a step differ in the few that the step assigns. If each step had a dict of
all artifacts, a flow of n steps that assign an artifact each would copy n² / 2 entries.

A mapping is a few dicts, each longer than the next. A changed copy adds a dict of the changes, and merges the last two
as long as they are about the same length. So an entry is copied about once for each time that the mapping doubles.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

_MISSING: Any = object()  # the value of a name that a lower dict has and the mapping has not


class Layers:
    """Names with their values. Iterating yields the names."""

    __slots__ = ("_dicts",)

    def __init__(self, *dicts: dict[str, Any]) -> None:
        self._dicts = dicts  # a later one has priority

    def get(self, name: str, default: Any = None) -> Any:
        for layer in reversed(self._dicts):
            if name in layer:
                value = layer[name]
                return default if value is _MISSING else value
        return default

    def __getitem__(self, name: str) -> Any:
        value = self.get(name, _MISSING)
        if value is _MISSING:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        for layer in reversed(self._dicts):
            if name in layer:
                return layer[name] is not _MISSING
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._flat())

    def __len__(self) -> int:
        return len(self._flat())

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, sorted(self)))}}}"

    def changed(self, changes: Mapping[str, Any]) -> Layers:
        """Returns a copy in which these names have these values; `Changes` says what removes a name."""
        if not changes:
            return self
        dicts = [*self._dicts, dict(changes)]
        while len(dicts) > 1 and len(dicts[-2]) < 2 * len(dicts[-1]):
            last = dicts.pop()
            dicts[-1] = {**dicts[-1], **last}
        if len(dicts) == 1:
            dicts[0] = {name: value for name, value in dicts[0].items() if value is not _MISSING}
        return Layers(*dicts)

    def _flat(self) -> dict[str, Any]:
        if len(self._dicts) == 1:
            return self._dicts[0]
        merged: dict[str, Any] = {}
        for layer in self._dicts:
            merged.update(layer)
        return {name: value for name, value in merged.items() if value is not _MISSING}


class Changes:
    """A mapping that differs from a `Layers` in what has been set and removed since."""

    def __init__(self, before: Layers) -> None:
        self.before = before
        self.changes: dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        if name in self.changes:
            return self.changes[name] is not _MISSING
        return name in self.before

    def get(self, name: str, default: Any = None) -> Any:
        value = self.changes[name] if name in self.changes else self.before.get(name, default)
        return default if value is _MISSING else value

    def __setitem__(self, name: str, value: Any) -> None:
        self.changes[name] = value

    def add(self, name: str) -> None:
        """Adds the name to a mapping that is used as a set."""
        if name not in self:
            self.changes[name] = True

    def discard(self, name: str) -> None:
        if name in self:
            self.changes[name] = _MISSING

    def result(self) -> Layers:
        return self.before.changed(self.changes)


NOTHING = Layers()


def common(several: Sequence[Layers]) -> tuple[Layers, list[set[str]]]:
    """Returns a part that the mappings share, and for each the names in which it may differ from that part."""
    lists = [layers._dicts for layers in several]
    depth = 0
    while all(len(dicts) > depth and dicts[depth] is lists[0][depth] for dicts in lists):
        depth += 1
    return Layers(*lists[0][:depth]), [set().union(*dicts[depth:]) for dicts in lists]

"""The items of a foreach, as its tasks see them: each takes one out of a collection that may be large.

A task that reads `self.input` has not asked for the collection. Were it an attribute then, it would be pickled again at
the end of each task, to see if it has changed: n items would cost n² work. So the collection stays here until the step
itself asks for the artifact, or has changed its item.

A process that forks tasks may load the collection before, for all of them (`local/items_ahead.py`).
"""

from __future__ import annotations

from ..artifacts import content
from ..artifacts import manifest as artifacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from ..artifacts.manifest import Entry
    from ..store import Store

_CONSTANT = (int, str, float, bool, bytes, complex, type(None))  # no step can change a value of these types

loaded_before: Dict[str, Any] = {}  # digest → collection, in a fork: its own copy of what its parent has loaded


class Collections:
    """The collections of a task's open foreaches that are no attributes of its flow object."""

    __slots__ = ("store", "flow", "_loaded", "_taken")

    def __init__(self, store: Store, flow: str) -> None:
        self.store, self.flow = store, flow
        self._loaded: Dict[str, Any] = {}  # name of the artifact → collection
        self._taken: List[Tuple[str, Any, bytes]] = []  # name, an item that the step may change, and its pickle

    def get(self, name: str, entry: Entry) -> Any:
        """Returns the collection. Raises DamagedError, and whatever unpickling raises."""
        if name not in self._loaded:
            digest = entry["digest"]
            self._loaded[name] = (
                loaded_before[digest] if digest in loaded_before else artifacts.load(self.store, self.flow, name, entry)
            )
        return self._loaded[name]

    def take(self, name: str) -> Any:
        """Returns the collection that is about to become an attribute; None if it has not been loaded."""
        return self._loaded.get(name)

    def watch(self, name: str, item: Any) -> None:
        """Notes that the step gets this item, if it is of a collection here."""
        if name in self._loaded and type(item) not in _CONSTANT:
            self._taken.append((name, item, _pickled(item)))

    def changed(self) -> Dict[str, Any]:
        """Returns the collections with an item that the step has changed: they are saved as if they were attributes."""
        return {
            name: self._loaded[name] for name, item, before in self._taken if not before or _pickled(item) != before
        }


def _pickled(item: Any) -> bytes:
    """Returns the item's content; nothing if it cannot be pickled, or not twice alike."""
    try:
        return content.of(item).bytes()
    except Exception:  # whatever a user's __reduce__ raises
        return b""

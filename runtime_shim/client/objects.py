"""The common base of flows, runs, steps, tasks and artifacts.

They share a pathspec, a parent, children, tags, and the check of the namespace. The rules are those of Metaflow's
client API, measured with 2.19: names of errors, newest first, times as naive local `datetime`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, FrozenSet, Iterable, Iterator, List, Optional, Tuple

from flowc.runtime_shim.contract import address
from flowc.runtime_shim.exceptions import MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound

from . import kinds, parameters_step, settings, tags
from .datastore import Datastore, open_datastore

MAX_ATTEMPTS = 6  # as Metaflow counts: 0 to 5


class MetaflowObject:
    """Base class. An object represents data in the datastore. Creating one checks that the data exists."""

    _FORM = ""  # the form of its pathspec

    _datastore: Datastore
    _parts: Tuple[str, ...]
    _attempt: Optional[int]

    def __init__(
        self, pathspec: Optional[str] = None, attempt: Optional[int] = None, _namespace_check: bool = True
    ) -> None:
        """Finds the object. Raises MetaflowInvalidPathspec, MetaflowNotFound or MetaflowNamespaceMismatch."""
        parts = tuple(_decoded(part) for part in str(pathspec).split("/")) if pathspec else ()
        if len(parts) != self._FORM.count("/") + 1 or not all(parts):
            raise MetaflowInvalidPathspec(f"Expects {type(self).__name__}('{self._FORM}')")
        self._begin(open_datastore(), addressed(parts), _checked_attempt(attempt))
        if not self._exists():
            raise MetaflowNotFound(f"{self!r} does not exist{self._hint()}")
        if _namespace_check:
            self._check_namespace()

    def _begin(self, datastore: Datastore, parts: Tuple[str, ...], attempt: Optional[int]) -> None:
        self._datastore, self._parts, self._attempt = datastore, parts, attempt

    @classmethod
    def _made(cls, datastore: Datastore, parts: Tuple[str, ...], attempt: Optional[int] = None) -> Any:
        """Returns the object without checking that it exists."""
        instance = cls.__new__(cls)
        instance._begin(datastore, parts, attempt)
        return instance

    # ── for subclasses ──────────────────────────────────────────────────────────────────────────────────────────────

    def _exists(self) -> bool:
        raise NotImplementedError

    def _hint(self) -> str:
        """Returns the end of the message for an object that does not exist."""
        return f" in the datastore {self._datastore.url}"

    def _children(self) -> Iterator[Any]:
        raise NotImplementedError

    def _child(self, name: str) -> Any:
        """Returns the child with that name. Raises KeyError."""
        raise NotImplementedError

    # ── for everybody ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def id(self) -> str:
        return self.path_components[-1]

    @property
    def pathspec(self) -> str:
        return "/".join(_encoded(part) for part in self.path_components)

    @property
    def path_components(self) -> List[str]:
        """The parts of the pathspec, with the task's id in place of its path."""
        if len(self._parts) < 4:
            return list(self._parts)
        return [*self._parts[:3], address.task_id(*self._parts[2:4]), *self._parts[4:]]

    @property
    def parent(self) -> Any:
        """The object that contains this one; None for a flow."""
        parts = self._parts[:-1]
        if not parts:
            return None
        attempt = self._attempt if len(parts) == 4 else None  # an artifact has its task's attempt
        return kinds.of(parts)._made(self._datastore, parts, attempt)

    @property
    def origin_pathspec(self) -> Optional[str]:
        """The pathspec of the same object in the run that this one was resumed from; None if it was not resumed."""
        if len(self._parts) < 2:
            return None
        origin = (self._datastore.run(self._parts[0], self._parts[1]) or {}).get("origin")
        parts = self.path_components
        return "/".join(_encoded(part) for part in (parts[0], str(origin), *parts[2:])) if origin else None

    @property
    def tags(self) -> FrozenSet[str]:
        return self.user_tags | self.system_tags

    @property
    def user_tags(self) -> FrozenSet[str]:
        """The tags that people gave the run and may remove. A flow has none."""
        return tags.user(self._datastore, self._parts[0], self._parts[1]) if len(self._parts) > 1 else frozenset()

    @property
    def system_tags(self) -> FrozenSet[str]:
        """The tags that describe how the run was started: `user:…`, `runtime:…`, `python_version:…`."""
        return tags.system(self._datastore, self._parts[0], self._parts[1]) if len(self._parts) > 1 else frozenset()

    def is_in_namespace(self) -> bool:
        """Returns True if the namespace is one of the run's tags. A flow needs one such run."""
        namespace = settings.get_namespace()
        return namespace is None or namespace in self.system_tags or namespace in self.user_tags

    def _check_namespace(self) -> None:
        if not self.is_in_namespace():
            raise MetaflowNamespaceMismatch(settings.get_namespace())

    def __iter__(self) -> Iterator[Any]:
        """Yields the children, the newest first."""
        return self._children()

    def __getitem__(self, id: str) -> Any:
        """Returns the child with that name. Raises KeyError."""
        return self._child(str(id))

    def __contains__(self, id: str) -> bool:
        try:
            self._child(str(id))
        except KeyError:
            return False
        except MetaflowNamespaceMismatch:
            return False
        return True

    def _ipython_key_completions_(self) -> List[str]:
        return [child.id for child in self]

    def __str__(self) -> str:
        attempt = f", attempt={self._attempt}" if self._attempt is not None else ""
        return f"{type(self).__name__}('{self.pathspec}'{attempt})"

    __repr__ = __str__

    def __reduce__(self) -> Tuple[Any, ...]:
        """Pickles the object as its address. The data is read again from the same datastore on use."""
        return _rebuilt, (type(self), self._datastore.url, self._parts, self._attempt)


def _rebuilt(kind: Any, url: str, parts: Tuple[str, ...], attempt: Optional[int]) -> Any:
    return kind._made(open_datastore(url), parts, attempt)


def addressed(parts: Tuple[str, ...]) -> Tuple[str, ...]:
    """Returns the parts of a pathspec with the task's path in place of its id.

    An invalid path stays as it is, and will not be found.
    """
    if len(parts) < 4:
        return parts
    if parts[2:4] == (parameters_step.STEP, "0"):  # Metaflow's id of its task
        return (*parts[:3], address.ROOT, *parts[4:])
    try:
        return (*parts[:3], address.path_of_task(parts[2], parts[3]), *parts[4:])
    except address.BadPath:
        return parts


def _checked_attempt(attempt: Any) -> Optional[int]:
    if attempt is None:
        return None
    if not isinstance(attempt, int):
        raise MetaflowNotFound("Attempt can only be an integer")
    if attempt < 0:
        raise MetaflowNotFound("Attempt can only be non-negative")
    if attempt >= MAX_ATTEMPTS:
        raise MetaflowNotFound(f"Attempt can only be smaller than {MAX_ATTEMPTS}")
    return attempt


def _encoded(part: str) -> str:
    """Returns the part with slashes written as %2F, since a run's id may contain slashes here."""
    return part.replace("/", "%2F")


def _decoded(part: str) -> str:
    return part.replace("%2F", "/")


def local_time(seconds: Optional[float]) -> Optional[datetime]:
    """Converts seconds since the epoch to local time without a zone, as Metaflow does."""
    return None if seconds is None else datetime.fromtimestamp(seconds)


def has_all(tags: Iterable[str], required: Iterable[str]) -> bool:
    return set(tags).issuperset(required)

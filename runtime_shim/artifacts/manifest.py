"""Artifacts: the manifest of a task (name → entry), and where the content of each value is (docs/formats.md, Manifest).

Small content is in the record itself, middling content of a task together in one object, a pack, and large content is a blob named by its
digest, shared by all that hold the same value. An entry is a JSON object: `digest` and `size` of the content, `type`, and one of

- `value`: the content, in base64
- `pack` and `at`: the name of a pack (its digest), and the offset in it
- neither: the content is the blob of that digest; `crc32` is there for a large one of an object store
"""

from __future__ import annotations

from ..contract import address
from ..contract import digest as digests
from ..contract.errors import DamagedError, ShimError
from . import content
from .content import LARGE, Content, Damaged, verifying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Mapping, Set, Tuple, Union

    from ..store import Store

    Entry = Dict[str, Any]
    Manifest = Dict[str, Entry]
else:
    Entry = Manifest = dict

INTERNAL = "_flowc_"  # artifacts of our own begin so; nobody is shown them
INLINE = 4096  # bytes of content that may go into the record
INLINE_ALL = 64 << 10  # and of all that do, with what is inherited: each later task's record repeats them
PACK = 32 << 20  # bytes after which another pack begins
PACK_MAGIC = b"FLOWCPAK"
PACK_VERSION = 1
PACK_HEADER = PACK_MAGIC + PACK_VERSION.to_bytes(2, "little") + bytes(6)
_ALIGNED = 64
_MEND = "`flowc resume` makes it again"
_ZEROS = bytes(_ALIGNED)
_COMPARED = 16 << 20  # bytes of content up to which it is asked whether unpickling alone made a difference


class Unpicklable(Exception):
    """A value that cannot be saved; `args[0]` says which and why."""


def save_all(store: Store, flow: str, values: Mapping[str, object], inherited: Manifest) -> Manifest:
    """Writes what is not there already; returns the manifest of `inherited` and the values, sorted. Raises Unpicklable, StoreError.

    A value that has not changed since it was loaded keeps its entry; values that nobody touched are not among `values`.
    """
    return _Saving(store, flow, inherited).all(values)


def save(store: Store, flow: str, name: str, value: object) -> Entry:
    """Writes one value, if it is not there already, and returns its entry. Raises Unpicklable, StoreError."""
    return save_all(store, flow, {name: value}, {})[name]


class _Saving:
    def __init__(self, store: Store, flow: str, inherited: Manifest) -> None:
        self.store, self.flow, self.inherited = store, flow, inherited
        self.inline = INLINE_ALL
        self.waiting: List[Entry] = []  # of what is in the pack
        self.pack = bytearray()
        self.saved: Dict[int, Entry] = {}  # id of a value that several names have
        self.pickling = content.Pickling()

    def all(self, values: Mapping[str, object]) -> Manifest:
        manifest = dict(self.inherited)
        self.inline -= sum(entry["size"] for name, entry in manifest.items() if "value" in entry and name not in values)
        for name in sorted(values):
            value = values[name]
            entry = self.saved.get(id(value))
            if entry is None:
                entry = self.saved[id(value)] = self._one(name, value)
            manifest[name] = entry
        self._flush()
        return {name: manifest[name] for name in sorted(manifest)}

    def _one(self, name: str, value: object) -> Entry:
        made = self._content(name, value)
        before = self.inherited.get(name)
        entry: Entry
        if isinstance(made, Content) and made.size >= LARGE:
            if before is not None and made.size == before.get("size") and self._is_same(made.digest, before):
                return before
            self.store.write_blob(made, lambda digest: address.blob_name(self.flow, digest))
            entry = {"digest": made.digest, "size": made.size, "type": type_name(value)}
            if self.store.remote and made.chunks > 1:
                from ..fast_start import crc

                entry["crc32"] = crc.of(made)
            return entry
        data = made.bytes() if isinstance(made, Content) else made
        size = len(data)
        digest = digests.sha256_for(size)(data).hexdigest()
        if before is not None and size == before.get("size") and self._is_same(digest, before):
            return before
        entry = {"digest": digest, "size": size, "type": type_name(value)}
        if size <= INLINE and size <= self.inline:
            from binascii import b2a_base64

            self.inline -= size
            entry["value"] = b2a_base64(data, newline=False).decode()
        else:
            self._put_into_pack(entry, data)
        return entry

    def _put_into_pack(self, entry: Entry, data: bytes) -> None:
        pack = self.pack
        if not pack:
            pack += PACK_HEADER
        at = len(pack)
        if at % _ALIGNED:
            pack += _ZEROS[at % _ALIGNED :]
            at = len(pack)
        pack += data
        entry["at"] = at
        self.waiting.append(entry)
        if len(pack) >= PACK:
            self._flush()

    def _content(self, name: str, value: object) -> Union[bytes, Content]:
        try:
            return self.pickling.of(value)
        except ShimError as error:
            raise ShimError(f"artifact `{name}`: {error}") from None
        except Exception as error:  # whatever a user's __reduce__ raises
            kind = type_name(value)
            raise Unpicklable(
                f"artifact `{name}` of type {kind} cannot be saved: {type(error).__name__}: {error}"
            ) from error

    def _is_same(self, digest: str, before: Entry) -> bool:
        """True if the content is that of the entry, or what the entry's value gives when it is pickled again.

        Pickling what was unpickled may give other bytes for the same value: the order of a set is the process's.
        """
        if digest == before["digest"]:
            return True
        if before["size"] > _COMPARED:
            return False
        try:
            again = content.of(load(self.store, self.flow, "", before))
        except Exception:  # then it is written anew
            return False
        return again.digest == digest

    def _flush(self) -> None:
        """Writes the pack of what waits."""
        if not self.waiting:
            return
        pack = Content()
        pack.add(memoryview(self.pack))
        self.store.write_blob(pack, lambda digest: address.blob_name(self.flow, digest))
        digest = pack.digest
        for entry in self.waiting:
            entry["pack"] = digest
        self.waiting, self.pack = [], bytearray()


def load(store: Store, flow: str, name: str, entry: Entry) -> Any:
    """Returns the value. Raises DamagedError if it is missing or damaged, and what unpickling raises."""
    try:
        data = read(store, flow, entry)
        if data is not None:
            return content.restore(data)
    except Damaged as error:
        raise DamagedError(
            f"artifact `{name}` is damaged in the datastore ({_place(flow, entry)}): {error}. {_MEND}"
        ) from None
    except ShimError as error:
        raise type(error)(f"artifact `{name}`: {error}") from None
    raise DamagedError(f"artifact `{name}` is missing in the datastore: {_place(flow, entry)} is not there. {_MEND}")


def problem(store: Store, flow: str, entry: Entry, thoroughly: bool) -> str:
    """What is wrong with the content in the datastore; "" if nothing is. Raises StoreError.

    Not `thoroughly`: what a power failure may do to a folder (docs/formats.md, What is checked when), and hardly more than a look at each file;
    of an object store nothing, since its objects are durable. Else every byte.
    """
    if "value" not in entry and not thoroughly:
        at = entry["at"] + entry["size"] if "pack" in entry else 0
        if store.looks_whole(
            address.blob_name(flow, entry["pack" if "pack" in entry else "digest"]), at or entry["size"], bool(at)
        ):
            return ""
    try:
        data = read(store, flow, entry)
        if data is None:
            return f"{_place(flow, entry)} is not there"
        if thoroughly and digests.of(data) != entry["digest"]:
            return f"{_place(flow, entry)}: its content is not what its digest says"
    except Damaged as error:
        return f"{_place(flow, entry)}: {error}"
    return ""


def pieces(flow: str, entries: Iterable[Entry], most: int) -> List[Tuple[Any, ...]]:
    """What `read` will ask the store for, as `Store.read_ahead` takes it, up to `most` bytes of content."""
    found: List[Tuple[Any, ...]] = []
    for entry in entries:
        if "value" in entry or entry["size"] > most:
            continue
        most -= entry["size"]
        if "pack" in entry:
            found.append((address.blob_name(flow, entry["pack"]), entry["at"], entry["size"]))
        else:
            found.append((address.blob_name(flow, entry["digest"]), entry["size"], _check(entry)))
    return found


def read(store: Store, flow: str, entry: Entry) -> Any:
    """Returns the content, as memory that its value may lie in; None if it is missing. Raises Damaged, StoreError."""
    if "value" in entry:
        from binascii import a2b_base64

        try:
            data: Any = bytearray(a2b_base64(entry["value"]))
        except ValueError:
            raise Damaged("its record does not hold it whole") from None
    elif "pack" in entry:
        data = store.read_range(address.blob_name(flow, entry["pack"]), entry["at"], entry["size"])
        if data is None:
            return None
    else:
        found = store.read_blob(
            address.blob_name(flow, entry["digest"]), entry["size"], _check(entry) if store.remote else entry["digest"]
        )
        if found is not None:
            content.check(memoryview(found)[: content.HEADER], entry["size"])
        return found
    if digests.of(data) != entry["digest"]:
        raise Damaged("its content is not what its digest says")
    return data


def _check(entry: Entry) -> str:
    """What tells, of the content of an object store's blob, whether it came whole."""
    check: str = entry["digest" if verifying() or "crc32" not in entry else "crc32"]
    return check


def objects(flow: str, manifest: Manifest) -> Set[str]:
    """The names of the objects that hold the manifest's values: what must be kept as long as its record is."""
    return {
        address.blob_name(flow, entry["pack" if "pack" in entry else "digest"])
        for entry in manifest.values()
        if "value" not in entry
    }


def _place(flow: str, entry: Entry) -> str:
    return (
        "its task's record"
        if "value" in entry
        else address.blob_name(flow, entry["pack" if "pack" in entry else "digest"])
    )


_FUNCTIONS = (type(save), type(Content().add))  # those of Python, and methods; those of C are saved, by their name


def is_saved(name: str, value: object) -> bool:
    """True for an attribute that becomes an artifact: not a function or method written in Python, and not named with two leading underscores."""
    return not name.startswith("__") and not isinstance(value, _FUNCTIONS)


def type_name(value: object) -> str:
    """`list`, `numpy.ndarray`: the type's qualified name, without `builtins`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

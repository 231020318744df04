"""Artifacts: the manifest of a task (name → entry), and where the content of each value is (docs/formats.md, Manifest).

Small content is in the record itself, middling content of a task together in one object, a pack, and large content is a
blob named by its digest, shared by all that hold the same value. An entry is a JSON object: `digest` and `size` of the
content, `type`, and one of

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

INTERNAL = "_flowc_"  # prefix of flowc's own artifacts, which are never shown
INLINE = 4096  # largest content, in bytes, that may go into the record
INLINE_ALL = 64 << 10  # the limit for all of it, inherited content included: each later record repeats it
PACK = 32 << 20  # bytes after which a new pack begins
PACK_MAGIC = b"FLOWCPAK"
PACK_VERSION = 1
PACK_HEADER = PACK_MAGIC + PACK_VERSION.to_bytes(2, "little") + bytes(6)
_ALIGNED = 64
_MEND = "`flowc resume` computes it again"
_ZEROS = bytes(_ALIGNED)
_COMPARED = 16 << 20  # largest content that is unpickled again to see whether only its pickle differs


class Unpicklable(Exception):
    """Raised if a value cannot be saved. `args[0]` says which one and why."""


def save_all(store: Store, flow: str, values: Mapping[str, object], inherited: Manifest) -> Manifest:
    """Writes the values that the datastore lacks. Returns the manifest of `inherited` and the values, sorted.

    A value that has not changed since it was loaded keeps its entry. Values that nobody touched must not be in
    `values`. Raises Unpicklable, StoreError.
    """
    return _Saving(store, flow, inherited).all(values)


def save(store: Store, flow: str, name: str, value: object) -> Entry:
    """Writes one value, unless it exists already, and returns its entry. Raises Unpicklable, StoreError."""
    return save_all(store, flow, {name: value}, {})[name]


class _Saving:
    def __init__(self, store: Store, flow: str, inherited: Manifest) -> None:
        self.store, self.flow, self.inherited = store, flow, inherited
        self.inline = INLINE_ALL
        self.waiting: List[Entry] = []  # entries of the content in the pack
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
        pickled = self._content(name, value)
        before = self.inherited.get(name)
        entry: Entry
        if isinstance(pickled, Content) and pickled.size >= LARGE:
            if before is not None and pickled.size == before.get("size") and self._is_same(pickled.digest, before):
                return before
            self.store.write_blob(pickled, lambda digest: address.blob_name(self.flow, digest))
            entry = {"digest": pickled.digest, "size": pickled.size, "type": type_name(value)}
            if self.store.remote and pickled.chunks > 1:
                from ..fast_start import crc

                entry["crc32"] = crc.of(pickled)
            return entry
        data = pickled.bytes() if isinstance(pickled, Content) else pickled
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
        """Returns True if the content is that of the entry, or of the entry's value when it is pickled again.

        Pickling an unpickled value may give different bytes: the order of a set depends on the process.
        """
        if digest == before["digest"]:
            return True
        if before["size"] > _COMPARED:
            return False
        try:
            again = content.of(load(self.store, self.flow, "", before))
        except Exception:  # the value is then written again
            return False
        return again.digest == digest

    def _flush(self) -> None:
        """Writes the pack of the waiting entries."""
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
    """Returns the value. Raises DamagedError if it is missing or damaged, and whatever unpickling raises."""
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
    raise DamagedError(
        f"artifact `{name}` is missing from the datastore: {_place(flow, entry)} does not exist. {_MEND}"
    )


def problem(store: Store, flow: str, entry: Entry, thoroughly: bool) -> str:
    """Returns what is wrong with the content in the datastore, or "". Raises StoreError.

    With `thoroughly`, it reads every byte. Otherwise it looks for what a power failure may do to a folder, and hardly
    more than stats each file (docs/formats.md, What is checked when). Object stores are durable, so it checks nothing
    there.
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
            return f"{_place(flow, entry)} does not exist"
        if thoroughly and digests.of(data) != entry["digest"]:
            return f"{_place(flow, entry)}: its content does not match its digest"
    except Damaged as error:
        return f"{_place(flow, entry)}: {error}"
    return ""


def pieces(flow: str, entries: Iterable[Entry], most: int) -> List[Tuple[Any, ...]]:
    """Returns the requests of `read`, in the form of `Store.read_ahead`, for up to `most` bytes of content."""
    requests: List[Tuple[Any, ...]] = []
    for entry in entries:
        if "value" in entry or entry["size"] > most:
            continue
        most -= entry["size"]
        if "pack" in entry:
            requests.append((address.blob_name(flow, entry["pack"]), entry["at"], entry["size"]))
        else:
            requests.append((address.blob_name(flow, entry["digest"]), entry["size"], _check(entry)))
    return requests


def read(store: Store, flow: str, entry: Entry) -> Any:
    """Returns the content in memory that its value may use; None if it is missing. Raises Damaged, StoreError."""
    if "value" in entry:
        from binascii import a2b_base64

        try:
            data: Any = bytearray(a2b_base64(entry["value"]))
        except ValueError:
            raise Damaged("the content in its record is invalid base64") from None
    elif "pack" in entry:
        data = store.read_range(address.blob_name(flow, entry["pack"]), entry["at"], entry["size"])
        if data is None:
            return None
    else:
        blob = store.read_blob(
            address.blob_name(flow, entry["digest"]), entry["size"], _check(entry) if store.remote else entry["digest"]
        )
        if blob is not None:
            content.check(memoryview(blob)[: content.HEADER], entry["size"])
        return blob
    if digests.of(data) != entry["digest"]:
        raise Damaged("its content does not match its digest")
    return data


def _check(entry: Entry) -> str:
    """Returns the check that tells whether the content of an object store's blob arrived complete."""
    check: str = entry["digest" if verifying() or "crc32" not in entry else "crc32"]
    return check


def objects(flow: str, manifest: Manifest) -> Set[str]:
    """Returns the names of the objects that hold the manifest's values. They must be kept as long as its record is."""
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


_FUNCTIONS = (type(save), type(Content().add))  # of Python functions and methods; C functions are saved, by their names


def is_saved(name: str, value: object) -> bool:
    """Returns True for an attribute that becomes an artifact.

    Functions and methods written in Python do not, nor do names with two leading underscores.
    """
    return not name.startswith("__") and not isinstance(value, _FUNCTIONS)


def type_name(value: object) -> str:
    """Returns the type's qualified name, without `builtins`: `list`, `numpy.ndarray`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

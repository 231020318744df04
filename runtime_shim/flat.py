"""Large flat collections (a list of ten million texts, or of rows), pickled a thousand items at a time: what the pickler remembers would be as large.

A pickler remembers every object that it has written, so that one that comes again is written as a reference. Where no item can come again, that is
for nothing. So items are pickled in pieces, by a pickler that remembers nothing, and what it writes is put together to the one pickle that it stands
for: any unpickler reads it, with the same identities as of the ordinary one, and remembers nothing either.

Only for a list, tuple, set or dict whose items are texts, bytes, numbers, booleans and None themselves, or tuples and lists of such, and of whose
texts, bytes, tuples and lists none is there twice, as the same object; the ordinary pickler does all others. Python's count of references tells of
most items that they have no other place.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Set

_PIECE = 1000  # items, which the pickler writes as one batch
_LONGEST = 4 << 20  # bytes of a piece
_FORMS: Dict[Any, Any] = {
    list: (b"]", b"(", b"e", b""),
    tuple: (b"(", b"", b"", b"t"),
    set: (b"\x8f", b"(", b"\x90", b""),
    dict: (b"}", b"(", b"u", b""),
}
_ROWS = {tuple, list}
_REMEMBERED: Dict[type, int] = {str: 1, bytes: 1, tuple: 0, list: -1}  # and the length up to which it is one object wherever it is made
_ITEMS = {int, float, bool, type(None), *_REMEMBERED}
_DEEPEST = 4  # rows within rows
_FRAME = 0x95


def pickle(value: Any, write: Callable[[bytes], Any]) -> bool:
    """Writes the pickle, protocol 5, of a list, tuple, set or dict; False if it is not flat. What was written until then is worth nothing."""
    from _pickle import Pickler

    begin, open_, close, end = _FORMS[type(value)]
    written: List[bytes] = []
    pickler = Pickler(_Into(written), 5)
    pickler.fast = True
    single = _references()
    seen: Dict[int, bytearray] = {}
    remembers = False
    write(b"\x80\x05" + begin)
    for piece in _pieces(value):
        types = _types(piece, single, seen)
        remembers = remembers or not types.isdisjoint(_REMEMBERED)
        if not types or not remembers:
            return False
        written.clear()
        pickler.dump(piece)
        body = _body(written)
        if body is None or len(body) > _LONGEST:
            return False
        data = b"".join((open_, body, close))
        write(b"%c%b%b" % (_FRAME, len(data).to_bytes(8, "little"), data))
    write(end + b".")
    return True


class _Into:
    def __init__(self, written: List[bytes]) -> None:
        self.write = written.append


def _pieces(value: Any) -> Iterator[List[Any]]:
    """Lists of the items, of a dict its keys and values in turn. None has one item only, which would be written in another way."""
    from itertools import chain, islice

    items: Any = iter(value)
    count = len(value)
    if type(value) is dict:
        items, count = chain.from_iterable(value.items()), 2 * count
    first = _PIECE - 2 if count % _PIECE == 1 else _PIECE
    while piece := list(islice(items, first)):
        first = _PIECE
        yield piece


def _types(items: List[Any], single: int, seen: Dict[int, bytearray]) -> Set[type]:
    """The types of the items, and of what is in those that are rows; none if there are others than may be, or something has come already."""
    from itertools import chain

    found: Set[type] = set()
    for _ in range(_DEEPEST):
        types = set(map(type, items))
        found |= types
        if not types <= _ITEMS or not _come_once(items, single, seen):
            break
        if types.isdisjoint(_ROWS):
            return found
        items = list(chain.from_iterable([each for each in items if type(each) in _ROWS]))
    return set()


def _references() -> int:
    """What Python counts for an item that has no other place than its collection, and that is in a piece now."""
    value = [f"{number} items" for number in range(3)]
    return max(map(sys.getrefcount, list(iter(value))))


def _come_once(piece: List[Any], single: int, seen: Dict[int, bytearray]) -> bool:
    """False if something of the piece that is remembered, as an object, has come already. Not what is one object wherever it is made: texts and bytes
    of one character, and the empty tuple.

    `seen`: for a mebibyte of addresses, a bit for every 16 bytes, which is less than any object takes.
    """
    counts = list(map(sys.getrefcount, piece))
    if max(counts, default=0) <= single:
        return True
    for item, count in zip(piece, counts):
        if count > single and type(item) in _REMEMBERED and len(item) > _REMEMBERED[type(item)]:
            place = id(item)
            bits = seen.get(place >> 20)
            if bits is None:
                bits = seen[place >> 20] = bytearray(1 << 13)
            at, bit = (place >> 7) & 0x1FFF, 1 << ((place >> 4) & 7)
            if bits[at] & bit:
                return False
            bits[at] |= bit
    return True


def _body(written: List[bytes]) -> Optional[bytes]:
    """The items within what the pickler wrote for a list of them: PROTO, and in frames EMPTY_LIST, MARK, items, APPENDS, STOP (PEP 3154, Framing).

    None for a long item, which is not in a frame.
    """
    data = written[0] if len(written) == 1 else b"".join(written)
    at, parts = 2, []
    while at < len(data):
        if data[at] != _FRAME:
            return None
        begin = at + 9
        at = begin + int.from_bytes(data[at + 1 : begin], "little")
        parts.append(data[begin:at])
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    return body[2:-2] if body[:2] == b"](" and body[-2:] == b"e." else None

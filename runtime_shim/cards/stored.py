"""Cards in the datastore: names of their objects, and the JSON of those that flowc renders (docs/formats.md, Cards)."""

from __future__ import annotations

from ..contract import address, record
from ..contract.digest import sha256
from ..contract.errors import DamagedError, ShimError
from ..fast_start import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from ..store import Store

VERSION = 1
_MOST = 64  # cards of one step whose order is known
LARGE, LARGEST = 1 << 20, 10 << 20  # bytes of a card that is worth a warning, and of one that is cut
# Suffixes of a card's name: data and HTML of an ended attempt, the same of a running one, and the latest `refresh`.
DATA, HTML, LIVE_DATA, LIVE_HTML, REFRESHED = ".json", ".html", ".live.json", ".live.html", ".data.json"


class Address:
    """One attempt at one task."""

    def __init__(self, flow: str, run: str, step: str, path: str, attempt: int) -> None:
        self.flow, self.run, self.step, self.path, self.attempt = flow, run, step, path, attempt

    @property
    def pathspec(self) -> str:
        return f"{self.flow}/{self.run}/{self.step}/{address.task_id(self.step, self.path)}"


def card_hash(task: Address, number: int) -> str:
    """Returns what tells the card from all others: known before the task runs, and the same on every engine."""
    parts = (task.flow, task.run, task.step, task.path, str(task.attempt), str(number))
    return str(sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest())[:32]


def name_of(task: Address, type: Any, id: Optional[str], hash: str) -> str:
    """Returns the name of a card's objects, without what follows it: `STEP/PATH.ATTEMPT.card.TYPE[-ID]-HASH`."""
    kind = address.encoded(str(type)).replace("-", "%2D")
    card = f"{kind}-{id}-{hash}" if id else f"{kind}-{hash}"
    return address.task_name(task.flow, task.run, task.step, task.path, f"{task.attempt}.card.{card}")


class Entry:
    """A card in a listing."""

    def __init__(self, name: str, attempt: int, type: str, id: Optional[str], hash: str) -> None:
        self.name, self.attempt, self.type, self.id, self.hash = name, attempt, type, id, hash
        self.endings: List[str] = []  # which of its objects are there

    @property
    def shown(self) -> str:
        """The object to show: preferably that of an ended attempt."""
        return self.name + next(ending for ending in (DATA, HTML, LIVE_HTML, LIVE_DATA) if ending in self.endings)


def cards_of_task(store: Store, flow: str, run: str, step: str, path: str) -> List[Entry]:
    """Returns the cards of all attempts, the last attempt first; within an attempt, in the order of the decorators."""
    return cards_of_step(store, flow, run, step, path).get(path, [])


def cards_of_step(store: Store, flow: str, run: str, step: str, path: str = "") -> Dict[str, List[Entry]]:
    """Returns the cards of each task of the step that has any, of one task where `path` is given: path → cards."""
    prefix = f"{address.run_name(flow, run)}{address.encoded(step)}/"
    cards_of: Dict[str, Dict[str, Entry]] = {}
    for name in store.list(prefix + (address.encoded(path) + "." if path else "")):
        where, _, card = name[len(prefix) :].partition(".card.")
        task, _, attempt = where.rpartition(".")
        ending = next((ending for ending in (LIVE_DATA, LIVE_HTML, REFRESHED, DATA, HTML) if card.endswith(ending)), "")
        if not ending or not attempt.isdigit() or (path and address.decoded(task) != path):
            continue
        base = name[: -len(ending)]
        cards = cards_of.setdefault(address.decoded(task), {})
        one = cards.setdefault(base, _entry(base, int(attempt), card[: -len(ending)]))
        one.endings.append(ending)
    return {task: _in_order(Address(flow, run, step, task, 0), cards) for task, cards in cards_of.items()}


def _in_order(task: Address, cards: Dict[str, Entry]) -> List[Entry]:
    entries = [entry for entry in cards.values() if entry.endings != [REFRESHED]]
    numbers: Dict[str, int] = {}
    for attempt in {entry.attempt for entry in entries} if len(entries) > 1 else ():
        one = Address(task.flow, task.run, task.step, task.path, attempt)
        numbers.update({card_hash(one, number): number for number in range(_MOST)})
    return sorted(entries, key=lambda entry: (-entry.attempt, numbers.get(entry.hash, _MOST), entry.name))


def _entry(name: str, attempt: int, card: str) -> Entry:
    kind, _, hash = card.rpartition("-")
    type, _, id = kind.partition("-")
    return Entry(name, attempt, address.decoded(type), id or None, hash)


def dumps(data: Dict[str, Any]) -> bytes:
    """Returns the object of a card. NaN and infinities become null; too large a card loses its largest components."""
    data = {"version": VERSION, **finite(data)}
    text = record.dumps(data)
    if len(text) > _limit() and isinstance(data.get("components"), list):
        text = record.dumps(_cut(data))
    return text


def most_html() -> int:
    """Returns the bytes that the result of a custom type's class may take."""
    return 10 * _limit()


def _limit() -> int:
    import os

    limit = os.environ.get("FLOWC_CARD_LIMIT", "")
    return int(limit) if limit.isdigit() else LARGEST


def _cut(data: Dict[str, Any]) -> Dict[str, Any]:
    """Replaces components by a note on their size, the largest first, until the card is small enough.

    The components of a section, which holds all of the step's, are replaced one by one.
    """
    components = [_with_own_contents(component) for component in data["components"]]
    places = [place for at in range(len(components)) for place in _places(components, at)]
    sizes = [len(json_text.dumps(blocks[at])) for blocks, at in places]
    size = len(json_text.dumps(data))
    for number in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        if size <= _limit():
            break
        blocks, at = places[number]
        kind = blocks[at].get("type", "text") if isinstance(blocks[at], dict) else "text"
        note = (
            f"A component of type {kind} is left out: it takes {sizes[number]} bytes, "
            f"and a card at most {_limit()} (FLOWC_CARD_LIMIT)."
        )
        blocks[at] = {"type": "log", "data": note}
        size += len(note) - sizes[number]
    data = {**data, "components": components}
    if size > _limit():
        for key in ("images", "tables", "artifacts"):
            data.pop(key, None)
    return data


def _has_contents(component: Any) -> bool:
    return isinstance(component, dict) and component.get("type") == "section" and bool(component.get("contents"))


def _with_own_contents(component: Any) -> Any:
    return {**component, "contents": list(component["contents"])} if _has_contents(component) else component


def _places(components: List[Any], at: int) -> List[Tuple[List[Any], int]]:
    """Returns where the component is, or where those in it are: lists and indexes."""
    if not _has_contents(components[at]):
        return [(components, at)]
    contents: List[Any] = components[at]["contents"]
    return [(contents, index) for index in range(len(contents))]


def loads(data: bytes, name: str) -> Dict[str, Any]:
    """Inverts `dumps`. Raises DamagedError for a truncated object, and ShimError for a newer version."""
    if not record.is_intact(data):
        raise DamagedError(f"{name} in the datastore is damaged")
    page: Dict[str, Any] = json_text.loads(data.decode("utf-8", "surrogatepass"))
    if int(page["version"]) > VERSION:
        raise ShimError(f"{name} has format {page['version']}, this flowc reads {VERSION}: use a newer flowc")
    del page["sum"]
    return page


def finite(value: Any) -> Any:
    """Returns the value with null in the place of numbers that JSON does not have, and texts as keys."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key if isinstance(key, str) else _key(key): finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def _key(key: Any) -> str:
    return "null" if key is None else str(key).lower() if isinstance(key, bool) else str(key)


def walked(blocks: Any) -> Iterator[Dict[str, Any]]:
    """Yields all blocks, those in pages and sections too."""
    for block in blocks or ():
        if isinstance(block, dict):
            yield block
            yield from walked(block.get("contents") if isinstance(block.get("contents"), list) else ())

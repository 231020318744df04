"""Records: the results of a successful task, and the start of a run.

They are JSON objects with a version (docs/formats.md, Records).
"""

from __future__ import annotations

from ..fast_start import json_text
from . import address
from .digest import sha256
from .errors import DamagedError, ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping, Optional, Tuple

    from ..artifacts.manifest import Manifest
    from ..store import Store

    Outcome = Dict[str, Any]
else:
    Outcome = dict

VERSION = 2
_CHECK = b',"sum":"'


class Record:
    """A task's record."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self.data = data
        self.step: str = data["step"]
        self.path: str = data["path"]
        self.attempt: int = data.get("attempt") or 0
        self.artifacts: Manifest = data["artifacts"]
        self.next: List[str] = data["next"]  # the steps that the task named, in order; a switch names one
        self.splits: Optional[int] = data.get("splits")  # number of items of the foreach that the task made
        # the open foreaches, outermost first: step, artifact, index, splits
        self.stack: List[Dict[str, Any]] = data["stack"]

    def leads_to(self, step: str) -> bool:
        return step in self.next

    @property
    def started(self) -> Tuple[Dict[str, Any], int]:
        """The start that wrote the record, as `Start.asks_again` compares it: its data, and the engine's attempt."""
        start = self.data.get("start") or {}
        return start, int(start.get("number", self.attempt))

    def summary(self) -> str:
        """Returns a line for the log of a task that was started again, when nothing was run."""
        import time

        ended = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(float(self.data.get("ended") or 0)))
        origin = f" of run {self.data['origin']}" if self.data.get("origin") else ""
        return (
            f"attempt {self.attempt}{origin} completed this task by {ended}: its outcome is reported again, and "
            "nothing was run"
        )

    def outcome(self, switch: bool) -> Outcome:
        """Returns what the engine needs to know about the task (docs/shim.md, What a task reports)."""
        if self.splits is not None:
            return {"splits": self.splits, "paths": [address.child(self.path, index) for index in range(self.splits)]}
        if switch:
            chosen = self.next[0]
            return {
                "next": chosen,
                "path": address.next_visit(self.path) if chosen == self.step else address.leave(self.path),
            }
        return {}


def dumps(data: Dict[str, Any]) -> bytes:
    """Returns the object as JSON, with a checksum at its end.

    Only artifacts have digests that would reveal a flipped bit.
    """
    text = json_text.dumps(data).encode("utf-8", "surrogatepass")[:-1]
    return b'%b%b%b"}' % (text, _CHECK, _sum(text))


def _sum(text: bytes) -> bytes:
    return str(sha256(text).hexdigest())[:16].encode()


def is_intact(data: bytes) -> Optional[bool]:
    """Returns True if the object matches its checksum, None if it has none."""
    text, check, value = data.rpartition(_CHECK)
    return value == _sum(text) + b'"}' if check and len(value) == 18 else None


def loads(data: bytes, name: str) -> Dict[str, Any]:
    """Returns the object. Raises DamagedError if it is torn, ShimError if its version is different."""
    if is_intact(data) is False:
        raise DamagedError(f"{name} in the datastore is damaged")
    try:
        fields: Dict[str, Any] = json_text.loads(data.decode("utf-8", "surrogatepass"))
        version = int(fields["version"])
    except (ValueError, KeyError, TypeError):
        raise DamagedError(f"{name} in the datastore is damaged") from None
    if version > VERSION:
        raise ShimError(f"{name} has format {version}, but this flowc reads format {VERSION}: use a newer flowc")
    if version < VERSION:
        raise ShimError(
            f"{name} has format {version}, which flowc wrote before 0.1 was released and no longer reads: start a new "
            "run"
        )
    fields.pop("sum", None)
    return fields


def read(store: Store, flow: str, run: str, step: str, path: str) -> Optional[Record]:
    """Returns the task's record, or None if the task has not succeeded yet. Raises DamagedError, ShimError."""
    name = address.record_name(flow, run, step, path)
    data = store.get(name)
    if data is None:
        return None
    fields = loads(data, name)
    try:
        return Record(fields)
    except KeyError:
        raise DamagedError(f"{name} in the datastore is damaged") from None


def write(store: Store, flow: str, run: str, data: Dict[str, Any]) -> Record:
    """Writes the record. Returns the record in the datastore, which is a different task's if that one was first."""
    name = address.record_name(flow, run, data["step"], data["path"])
    if store.put_if_absent(name, dumps({"version": VERSION, **data})):
        return Record(data)
    existing = read(store, flow, run, data["step"], data["path"])
    if existing is None:
        raise ShimError(f"{name} cannot be read back from the datastore")
    return existing


def read_run(store: Store, flow: str, run: str) -> Optional[Dict[str, Any]]:
    """Returns run.json, or None."""
    name = address.run_record_name(flow, run)
    data = store.get(name)
    return None if data is None else loads(data, name)


def start_run(store: Store, flow: str, run: str, data: Dict[str, Any]) -> Dict[str, Any]:
    """Writes run.json if it is absent.

    Raises ShimError if it exists for different code or parameters, since a run id is never reused.
    """
    name = address.run_record_name(flow, run)
    data = {"version": VERSION, **data}
    if store.put_if_absent(name, dumps(data)):
        return data
    try:
        existing = read_run(store, flow, run)
    except DamagedError:  # a power failure tore it: whoever starts the run again knows what it held
        store.put(name, dumps(data))
        return data
    if existing is None:
        raise ShimError(f"{name} cannot be read back from the datastore")
    check_owner(flow, run, existing, str(data.get("owner") or ""))
    for key, what in (("code", "code"), ("parameters", "parameters")):
        if existing.get(key) != json_text.loads(dumps(data).decode("utf-8", "surrogatepass"))[key]:
            raise ShimError(
                f"run {run!r} of flow {flow} already exists with different {what}: choose a different run id"
            )
    return existing


def check_owner(flow: str, run: str, data: Mapping[str, Any], owner: str) -> None:
    """Raises ShimError if run.json (`data`) names a different owner than `owner`.

    Runs and starts without an owner pass, since earlier versions of flowc did not write one.
    """
    theirs = str(data.get("owner") or "")
    if not owner or not theirs or theirs == owner:
        return
    raise ShimError(
        f"run {run!r} of flow {flow} belongs to {theirs}{since(data)}, but this task belongs to {owner}. Nothing was "
        "run, because the two would mix. "
        "Start a run with a different id, or give one of the deployments a different name (`flowc compile --name`)"
    )


def since(data: Mapping[str, Any]) -> str:
    """Returns when the run of this run.json began; "" if that is unknown.

    The result is part of a sentence: ` on 2030-01-31 at 12:00 UTC`.
    """
    import time

    began = float(data.get("started") or 0)
    return time.strftime(" on %Y-%m-%d at %H:%M UTC", time.gmtime(began)) if began else ""

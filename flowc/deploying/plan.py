"""Plans: exactly what a deploy does. The same value is shown and applied."""

from __future__ import annotations

from functools import partial

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import address
from flowc.targets.operating import ADD, SAME, Change, EngineError, Wanted

from ..terminal import Failure
from .place import asked
from .records import DELETE, Records, ago, author, digests_of, may_be_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import Engine, EngineRun

    from ..environments.pylock import Lock
    from ..flow_diff import Difference
    from .order import Order
    from .records import Entry


@record
class Plan:
    """What a deploy does, and what it found."""

    order: Order
    wanted: Wanted
    uploads: tuple[Upload, ...]
    changes: tuple[Change, ...]
    previous: Entry | None  # the deployment that is done
    unfinished: Entry | None  # a newer one that is not
    number: int  # of this deployment
    running: tuple[EngineRun, ...]
    meaning: tuple[Difference, ...] = ()  # what the flow does differently from before

    @property
    def is_empty(self) -> bool:
        """True if the engine and the datastore are as they should be, and the record says so."""
        return (
            not any(change.op != SAME for change in self.changes)
            and not any(not upload.is_there for upload in self.uploads)
            and self.unfinished is None
            and self.previous is not None
            and self.previous.files == digests_of(self.order.spec)
            and self.previous.data.get("action") != DELETE
        )

    @property
    def foreign(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.owner)


@record
class Upload:
    """An object that the datastore must have."""

    name: str
    url: str
    what: str
    size: int
    is_there: bool
    put: Any = None  # () -> None
    before: str = ""  # printed before, if it takes long


def plan(order: Order, engine: Engine, store: Store, take_over: bool, keep_drift: bool, paused: bool) -> Plan:
    """Returns the plan. Everything in it has been validated, and nothing has been written. Raises Failure."""
    records = Records(store, order.flow, order.place.key(order.name))
    newest, done = asked(records.last)
    unfinished = newest if newest is not None and not newest.done else None
    starts_paused = paused or not order.place.context.schedules
    wanted = Wanted(
        order.name, order.flow, order.code, order.spec, records.url, starts_paused, keep_drift, take_over
    )  # fmt: skip
    missing = asked(lambda: engine.missing_permissions(("deploy",)))
    if missing:
        raise Failure(
            f"the engine does not allow {engine_user(engine)} to {', '.join(missing)}; "
            "docs/deploying.md has the roles that flowc needs"
        )
    last = asked(lambda: records.files(done)) if done is not None and done.data.get("action") != DELETE else ()
    changes = asked(lambda: engine.changes(wanted, last))
    is_resumed = unfinished is not None and unfinished.files == digests_of(order.spec)
    if unfinished is not None and not is_resumed and may_be_alive(unfinished):
        raise Failure(
            f"{unfinished.by or 'somebody'} deploys {order.name} at this moment (deployment {unfinished.n}, "
            f"{ago(unfinished.at)}): wait for it to end, and run the same command again"
        )
    number = unfinished.n if unfinished is not None and is_resumed else (newest.n if newest is not None else 0) + 1
    running = asked(lambda: engine.runs(order.name, True))
    meaning = _meaning(order, store, done)
    return Plan(order, wanted, _uploads(order, store), changes, done, unfinished, number, running, meaning)


def _meaning(order: Order, store: Store, previous: Entry | None) -> tuple[Difference, ...]:
    """Returns how the flow differs from the last deployment's; () if its package is gone."""
    from flowc.runtime_shim.contract import code_package
    from flowc.runtime_shim.contract.errors import ShimError

    from .. import flow_diff

    codes = (str(previous.data.get("code", "")) if previous is not None else "", order.code)
    if not codes[0] or codes[0] == codes[1]:
        return ()
    try:
        versions = []
        for code in codes:
            if order.package is not None and code == order.code:
                compressed: bytes | None = order.package[1]
            else:
                compressed = store.get(address.code_name(order.flow, code))
            versions.append(flow_diff.version_of(code_package.expand(compressed or b"", code)))
    except (ShimError, KeyError, ValueError):
        return ()
    return tuple(flow_diff.differences(versions[0], versions[1]))


def engine_user(engine: Engine) -> str:
    return asked(engine.user) or "you"


def _uploads(order: Order, store: Store) -> tuple[Upload, ...]:
    """Returns the code package and the archives of environments, and whether they are there."""
    uploads = []
    for lock in order.environments:
        from flowc.runtime_shim.environments import description

        from ..environments import shown

        name = description.archive_name(lock.environment)
        is_there = asked(lambda: description.read(store, lock.environment) is not None)  # noqa: B023 (called at once)
        what = f"environment `{lock.name}` for {lock.platform.name}"
        many = shown.packages(lock.count)
        url = f"{store.url.rstrip('/')}/{name}"
        make, before = partial(_build, lock, store), f"building {what}, {many}"
        uploads.append(Upload(name, url, f"{what}, to be built of {many}", 0, is_there, make, before))
    if order.package is not None:
        file, data = order.package
        name = f"{address.encoded(order.flow)}/{file}"
        is_there = asked(lambda: store.exists(name))
        url = f"{store.url.rstrip('/')}/{name}"
        put = partial(store.put_if_absent, name, data)
        uploads.append(Upload(name, url, "code package", len(data), is_there, put))
    return (*uploads, *_shim(order, store))


def _shim(order: Order, store: Store) -> Iterator[Upload]:
    """Yields the shim, if tasks fetch it from the datastore. Raises Failure for another version that is missing."""
    from flowc.runtime_shim.contract.version import VERSION
    from flowc.targets.operating import operator

    url_of = getattr(operator(order.place.target), "shim_url", None)
    url = url_of(order.spec) if url_of is not None else ""
    root = f"{store.url.rstrip('/')}/"
    if not url or not url.startswith(root):
        return
    name = url[len(root) :]
    version = name.rpartition("-")[2].removesuffix(".zip")
    if asked(lambda: store.exists(name)):
        yield Upload(name, url, "shim", 0, True)
        return
    if f"{VERSION}.".startswith(f"{version}."):
        from ..runtime_bundle import archive

        data = archive()
        yield Upload(name, url, "shim", len(data), False, partial(store.put_if_absent, name, data))
        return
    raise Failure(f"the shim {url} is missing, and this is flowc {VERSION}: upload it, or compile without that version")


def _build(lock: Lock, store: Store) -> None:
    from ..environments.build import build, put

    put(store, build(lock))


def apply(plan: Plan, engine: Engine, store: Store, say: Callable[[str], None]) -> None:
    """Does what the plan says, and nothing else. Killed anywhere, the same command finishes it. Raises Failure.

    The order is that of a roll forward: what objects refer to comes before them, and the schedule last.
    """
    order = plan.order
    records = Records(store, order.flow, order.place.key(order.name))
    for upload in plan.uploads:
        if not upload.is_there:
            if upload.before:
                say(upload.before)
            asked(upload.put)
            say(f"uploaded {upload.url}")
    if plan.unfinished is None or plan.unfinished.n != plan.number:
        asked(lambda: records.claim(plan.number, _about(plan, engine), order.spec))
    for change in plan.changes:
        if change.op == SAME:
            continue
        try:
            engine.apply(change)
        except EngineError as error:
            hint = "run the same command again to see what has changed" if error.is_outdated else error.hint
            message = f"{error.message}; {hint}" if hint else error.message
            raise Failure(
                f"{message}\ndeployment {plan.number} is not done: the same command goes on with what is left"
            ) from None
        say(f"{_DONE[change.op]} {change.kind} {change.name}")
    asked(lambda: engine.settle(plan.wanted, 600.0))
    asked(lambda: records.finish(plan.number))


_DONE = {ADD: "added", "change": "changed", "delete": "deleted"}


def _about(plan: Plan, engine: Engine) -> dict[str, Any]:
    from flowc.runtime_shim.contract.version import VERSION

    order, previous = plan.order, plan.previous
    action, _, to = order.action.partition(" to ")
    return {
        "action": action, "to": int(to) if to else None, "name": order.name, "context": order.place.context.name,
        "target": order.place.target,
        "by": author(asked(engine.user)), "flowc": VERSION, "git": order.git, "code": order.code,
        "previous": previous.n if previous is not None else None, "where": dict(engine.where),
    }  # fmt: skip

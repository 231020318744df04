"""Temporary deployments: of one run, that somebody starts from their own machine (`flowc run --on`).

They have a name of their own, so that they never touch the real deployment, nothing starts them but that command, and
their records are found by their mark: `try:NAME`. Whoever made one removes it after its run; what a lost connection or
a detached terminal has left is swept by the next such command of the same user.
"""

from __future__ import annotations

import os
import re
import time

from flowc.compiler.fast_start.record import replace
from flowc.runtime_shim.contract import address
from flowc.targets.operating import OVER

from ..terminal import Failure
from . import history, place
from .place import asked
from .plan import apply, plan
from .records import author

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import Deployed, Engine, EngineRun

    from ..run_report import Report
    from .attached import Attached
    from .order import Order
    from .records import Records

PREFIX = "try:"  # of the key of its records
SHORTEST_LIFE = 600.0  # seconds in which one without a run may still be about to get it


def name_of(real: str, request: str = "") -> str:
    """Returns a name for a temporary deployment of what is really deployed as `real`: for a request always the same."""
    from flowc.runtime_shim.contract.digest import sha256

    end = sha256(request.encode()).hexdigest()[:8] if request else os.urandom(2).hex()
    return f"{real[:28].rstrip('-._')}-try-{user()}-{end}"


def user() -> str:
    """Returns the user's name as a part of a name."""
    return re.sub("[^a-z0-9]+", "", str(author("")["user"]).lower())[:12] or "user"


def key_of(name: str) -> str:
    """Returns the key of the records of the temporary deployment."""
    return PREFIX + name


def is_temporary(deployed: Deployed) -> bool:
    return f"/deployments/{address.encoded(PREFIX)}" in deployed.records


def deploy(order: Order, engine: Engine, store: Store) -> Deployed:
    """Makes the temporary deployment. Raises Failure."""
    made = plan(order, engine, store, take_over=False, keep_drift=False, paused=True)
    apply(made, engine, store, lambda _: None)
    return place.deployed(engine, order.place, order.name)


def begin(
    order: Order, engine: Engine, store: Store, texts: tuple[tuple[str, str], ...],
    write: Callable[[EngineRun], None], request: str = "",
) -> tuple[EngineRun, Records | None]:  # fmt: skip
    """Makes the deployment and starts its run; `write` is called before the first task can start.

    Returns the run, and the records of the deployment if that must stay until the run is over. Whatever happens before
    the run has begun, nothing of it stays. Raises Failure.
    """
    from flowc.targets.operating import Start

    from .records import Records

    order = replace(order, place=place.with_key(order.place, key_of(order.name)))
    records = Records(store, order.flow, order.place.key(order.name))
    try:
        deployed = deploy(order, engine, store)
        by = str(author("")["user"])
        run = asked(lambda: engine.trigger(Start(deployed, texts, request, by, write)))
    except BaseException:
        remove(engine, records, order.name)
        raise
    if not engine.keeps_runs:
        return run, records
    remove(engine, records, order.name)
    return run, None


def clean_up(engine: Engine, records: Records | None, name: str, ended: Attached, report: Report) -> None:
    """Removes the deployment after its run, or says how it will go."""
    if records is None:
        return
    if ended.is_detached or ended.run.state not in OVER:
        on = ended.there.option
        report.say(
            f"the temporary deployment {name} stays until its run is over: the next `flowc run {on}` removes it, or "
            f"`flowc delete {name} {on}`"
        )
        return
    try:
        remove(engine, records, name)
    except Failure as error:
        report.say(f"the temporary deployment {name} was not removed: {error}")


def remove(engine: Engine, records: Records, name: str) -> None:
    """Removes the deployment and its records; the run, if any, stays. May be repeated. Raises Failure."""
    for change in asked(lambda: engine.removal(name, records.url)):
        place.applied(engine, change)
    asked(lambda: _forget(records))


def _forget(records: Records) -> None:
    for name in list(records.store.list(records.folder)):
        records.store.delete(name)


def sweep(engine: Engine) -> list[str]:
    """Removes the user's temporary deployments whose runs are over; returns their names. Raises Failure."""
    removed = []
    for deployed in asked(engine.deployments):
        records = history.of_mark(deployed.records) if is_temporary(deployed) else None
        if records is None or f"-try-{user()}-" not in deployed.name:
            continue
        name = deployed.name
        is_new = time.time() - deployed.changed < SHORTEST_LIFE
        runs = asked(lambda: engine.runs(name))  # noqa: B023 (called at once)
        under_way = asked(lambda: engine.runs(name, True)) if runs else ()  # noqa: B023
        if under_way or (not runs and is_new):
            continue
        remove(engine, records, name)
        removed.append(name)
    return removed

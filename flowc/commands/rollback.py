"""`flowc rollback`: deploys again what was deployed before."""

from __future__ import annotations

from flowc.runtime_shim.contract import address

from ..deploying import history, place, plan_text
from ..deploying.confirm import confirm, refuse_foreign
from ..deploying.order import Order
from ..deploying.plan import apply, plan
from ..deploying.records import DELETE
from ..options import Option
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..deploying.place import Place
    from ..deploying.records import Entry, Records

USAGE = ("flowc rollback NAME [--to N] [--on CONTEXT] [OPTIONS]",)
TEXT = """
Deploys again, from its record, the deployment before the last one, or the one with the number that `--to` gives. It
needs no checkout. It shows the plan and asks, as `flowc deploy` does, and writes a new record. Runs under way go on
with the code that they began with.
"""
OPTIONS = (
    Option("--to", "the number of the deployment, as `flowc history` shows it", "N", default="the one before"),
    Option("--yes", "ask nothing", short="-y"),
    Option("--take-over", "take over objects that this deployment does not own"),
    Option("--keep-drift", "leave fields as others have changed them"),
    Option("--dry-run", "show the plan, and do nothing"),
    Option("--json", "print the plan as JSON"),
    *place.FLOW_OPTIONS,
)
EXAMPLES = (
    ("flowc rollback train --on prod", "to the deployment before"),
    ("flowc rollback train --on prod --to 5 --yes", "to number 5, asking nothing"),
)


def run(argv: list[str], out: Output) -> int:
    import json

    arguments, there = place.parse(argv, OPTIONS)
    name = place.name_of(arguments, there)
    engine = place.connect(there)
    deployed = place.asked(lambda: engine.deployed(name))
    records = history.of_name(there, name, deployed, arguments.text("--store"))
    entry = chosen(records, arguments.integer("--to", 0))
    wanted = order_of(records, entry, name, there)
    made = plan(wanted, engine, records.store, arguments.flag("--take-over"), arguments.flag("--keep-drift"), False)
    as_json = arguments.flag("--json")
    if not as_json:
        out.print(f"back to deployment {entry.n}")
        out.print(plan_text.text(made, engine))
    refuse_foreign(made)
    if not made.is_empty and not arguments.flag("--dry-run"):
        confirm(f"Roll {name} back to deployment {entry.n}", name, there.context, arguments.flag("--yes"))
        apply(made, engine, records.store, out.print_error if as_json else out.print)
        if not as_json:
            out.print(f"{plan_text.heading(made, engine)} is deployment {entry.n} again (as {made.number})")
    if as_json:
        out.print(json.dumps(plan_text.data(made, engine), indent=2))
    return 0


def chosen(records: Records, number: int) -> Entry:
    """Returns the deployment to go back to. Raises Failure."""
    entries = [
        entry for entry in place.asked(records.history) if entry.done and entry.data.get("action") != DELETE
    ]  # fmt: skip
    if number:
        for entry in entries:
            if entry.n == number:
                return entry
        raise Failure(f"there is no deployment {number} that was done; `flowc history` lists them")
    for entry in entries[1:]:
        if entry.files != entries[0].files:
            return entry
    raise Failure("there is no earlier deployment that differs from the last one")


def order_of(records: Records, entry: Entry, name: str, there: Place) -> Order:
    """Returns the order that deploys the entry again. Raises Failure if its code is gone."""
    code = str(entry.data["code"])
    if not place.asked(lambda: records.store.exists(address.code_name(records.flow, code))):
        raise Failure(f"the code package of deployment {entry.n} is no longer in {records.store.url}")
    files = place.asked(lambda: records.files(entry))
    there = place.with_key(there, records.key)
    return Order(
        name, records.flow, code, None, files, there, dict(entry.data.get("git", {})), f"rollback to {entry.n}"
    )  # fmt: skip

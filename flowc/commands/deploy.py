"""`flowc deploy`: shows a plan, asks, and does it."""

from __future__ import annotations

from ..deploying import plan_text
from ..deploying.confirm import confirm, refuse_foreign
from ..deploying.order import OPTIONS as ORDER
from ..deploying.order import check_git, order, parsed
from ..deploying.place import connect, open_store
from ..deploying.plan import apply, plan
from ..options import Option
from ..targeting import sections as sections
from ..terminal import Output

USAGE = ("flowc deploy FLOW.py [--on CONTEXT] [OPTIONS]", "flowc deploy --built DIR [--on CONTEXT] [OPTIONS]")
TEXT = """
Compiles the flow, shows the plan (`flowc plan`), asks, and does what the plan says: uploads the code package, writes
the objects of the engine, and removes those that the flow no longer has. A second deploy of the same flow changes
nothing. If it is cut off, the same command does the rest. Without a terminal it asks nothing and needs `--yes`, and for
a protected context FLOWC_APPROVE=CONTEXT too.
"""
OPTIONS = (Option("--yes", "ask nothing", short="-y"), *ORDER)
EXAMPLES = (
    ("flowc deploy FLOW.py --on prod", "shows the plan and asks"),
    ("flowc deploy FLOW.py -t argo --store s3://models/flowc --yes", "without a context, in CI"),
    ("flowc deploy --built build --on prod --yes", "what was compiled and reviewed before"),
)


def run(argv: list[str], out: Output) -> int:
    import json

    arguments, place = parsed(argv, OPTIONS)
    wanted = order(arguments, place, out)
    check_git(wanted)
    engine, store = connect(place), open_store(place.store)
    flags = (arguments.flag("--take-over"), arguments.flag("--keep-drift"), arguments.flag("--paused"))
    made = plan(wanted, engine, store, *flags)
    as_json = arguments.flag("--json")
    if not as_json:
        out.print(plan_text.text(made, engine))
    refuse_foreign(made)
    if not made.is_empty:
        confirm(f"Deploy {made.order.name}", made.order.name, place.context, arguments.flag("--yes"))
        apply(made, engine, store, out.print_error if as_json else out.print)
    if as_json:
        out.print(json.dumps(plan_text.data(made, engine), indent=2))
    elif not made.is_empty:
        out.print(f"{plan_text.heading(made, engine)} is deployed (deployment {made.number})")
    return 0

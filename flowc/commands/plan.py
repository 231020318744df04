"""`flowc plan`: shows what `flowc deploy` would do, and writes nothing."""

from __future__ import annotations

from ..deploying import plan_text
from ..deploying.order import OPTIONS as ORDER
from ..deploying.order import order, parsed
from ..deploying.place import connect, open_store
from ..deploying.plan import plan
from ..options import Option
from ..targeting import sections as sections
from ..terminal import Output

USAGE = ("flowc plan FLOW.py [--on CONTEXT] [OPTIONS]", "flowc plan --built DIR [--on CONTEXT] [OPTIONS]")
TEXT = """
Compiles the flow, compares the result with what the engine has, and shows exactly what `flowc deploy` would do: what is
added, changed field by field, and deleted, what somebody else has changed, and which runs are under way. The engine
validates everything; nothing is written. Exits with 0, also if there is something to do; `--check` makes that 1.
"""
OPTIONS = (Option("--check", "exit with 1 if there is something to do"), *ORDER)
EXAMPLES = (
    ("flowc plan FLOW.py --on prod", "what would a deploy do?"),
    ("flowc plan FLOW.py --on prod --check", "in CI: is the flow deployed as it is here?"),
)


def run(argv: list[str], out: Output) -> int:
    arguments, place = parsed(argv, OPTIONS)
    wanted = order(arguments, place, out)
    engine, store = connect(place), open_store(place.store)
    flags = (arguments.flag("--take-over"), arguments.flag("--keep-drift"), arguments.flag("--paused"))
    made = plan(wanted, engine, store, *flags)
    if arguments.flag("--json"):
        import json

        out.print(json.dumps(plan_text.data(made, engine), indent=2))
    else:
        out.print(plan_text.text(made, engine))
    return 1 if arguments.flag("--check") and not made.is_empty else 0

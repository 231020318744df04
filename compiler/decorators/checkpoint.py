"""`@checkpoint(load_policy="fresh", temp_dir_root=None, show_card=True)`: `current.checkpoint` saves and loads files.

Checkpoints are in flowc's datastore, and a killed process leaves none that is incomplete. Before the step begins, the
latest one is loaded into `current.checkpoint.directory`: with `fresh` that of the task's earlier attempts, with `eager`
also that of the same task in other runs, with `none` none. `show_card` has no effect.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import flags, texts
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"load_policy": "fresh", "show_card": True, "temp_dir_root": None}
EXTENSION = "metaflow-checkpoint"
IN_TASK = True
POLICIES = ("fresh", "eager", "none")


@record
class Checkpoint:
    """The checkpoint that a task begins with, and where its folder is."""

    load_policy: str  # one of POLICIES
    temp_dir_root: str  # "": where the system keeps temporary files


def read(decorator: Decorator) -> Checkpoint:
    """Returns the decorator's values as a record."""
    attributes = decorator.attributes
    return Checkpoint(str(attributes["load_policy"] or "fresh"), str(attributes["temp_dir_root"] or ""))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from flags(decorator, "show_card")
    yield from texts(decorator, "temp_dir_root", example="/tmp/checkpoints")
    policy = decorator.attributes["load_policy"]
    if policy is not None and policy not in POLICIES:
        yield value_error(
            decorator, "load_policy", "it must be 'fresh', 'eager' or 'none'", "write `load_policy='fresh'`"
        )

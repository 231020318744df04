"""`@model(load=None, best_effort_load=False, temp_dir_root=None)`: `current.model` saves and loads models.

`load` names artifacts that hold references to checkpoints, models or repositories of Hugging Face: one name, or a list
of names and of pairs of a name and a path. Their files are in `current.model.loaded[NAME]`, or at the path. With
`best_effort_load`, the step begins even if something cannot be loaded.
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
ATTRIBUTES: dict[str, Value] = {"load": None, "best_effort_load": False, "temp_dir_root": None}
EXTENSION = "metaflow-checkpoint"
IN_TASK = True


@record
class Model:
    """The artifacts whose files are loaded before the step begins."""

    artifacts: tuple[str, ...]
    is_required: bool  # False: the step begins without those that cannot be loaded


def read(decorator: Decorator) -> Model:
    """Returns the decorator's values as a record. Its check has accepted them."""
    load = decorator.attributes["load"]
    entries = [load] if isinstance(load, str) else load if isinstance(load, list) else []
    names = [entry[0] if isinstance(entry, list) and entry else entry for entry in entries]
    return Model(
        tuple(name for name in names if isinstance(name, str)), decorator.attributes["best_effort_load"] is not True
    )  # fmt: skip


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from flags(decorator, "best_effort_load")
    yield from texts(decorator, "temp_dir_root", example="/tmp/models")
    load = decorator.attributes["load"]
    if load is not None and not isinstance(load, str) and not (isinstance(load, list) and all(map(_is_entry, load))):
        yield value_error(
            decorator,
            "load",
            "it must be the name of an artifact, or a list of names and of pairs (name, path)",
            "write `load='model'` or `load=[('model', '/tmp/model')]`",
        )


def _is_entry(entry: Value) -> bool:
    if isinstance(entry, list):
        return len(entry) == 2 and isinstance(entry[0], str) and (entry[1] is None or isinstance(entry[1], str))
    return isinstance(entry, str)

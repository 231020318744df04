"""`@gpu_profile(with_card=True, include_artifacts=True, artifact_prefix="gpu_profile_", interval=1)`: the use of GPUs.

`nvidia-smi` is asked every `interval` seconds while the step runs. The artifacts `gpu_profile_num_gpus` and
`gpu_profile_data`, and a card with the id `gpu_profile`, hold what it said. Without a GPU they say so, and the step
runs as usual.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import flags
from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "with_card": True, "include_artifacts": True, "artifact_prefix": "gpu_profile_", "interval": 1,
}  # fmt: skip
EXTENSION = "metaflow-gpu-profile"
IN_TASK = True


@record
class GpuProfile:
    """The artifacts that the profile sets."""

    artifacts: tuple[str, ...]


def read(decorator: Decorator) -> GpuProfile:
    """Returns the decorator's values as a record."""
    prefix = decorator.attributes["artifact_prefix"]
    kept = decorator.attributes["include_artifacts"] is True
    return GpuProfile((f"{prefix}num_gpus", f"{prefix}data") if kept else ())


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from flags(decorator, "with_card", "include_artifacts")
    prefix = decorator.attributes["artifact_prefix"]
    if not isinstance(prefix, str) or not f"{prefix}data".isidentifier():
        yield value_error(
            decorator, "artifact_prefix", "it must be the beginning of a name", "write `artifact_prefix='gpu_profile_'`"
        )
    interval = number(decorator.attributes["interval"])
    if interval is None or interval <= 0:
        yield value_error(decorator, "interval", "it must be a number of seconds above 0", "write `interval=1`")

"""`@tensorflow`: `@parallel` that sets `TF_CONFIG` on each node, from which TensorFlow's strategies make a cluster."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from .parallel import HOW as HOW
from .parallel import WHY as WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Decorator, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {}
EXTENSION = "metaflow-tensorflow"
GANG = True
IN_TASK = True


@record
class Tensorflow:
    """Marks a step whose nodes are a cluster of TensorFlow."""


def read(_decorator: Decorator) -> Tensorflow:
    """Returns the record, which holds no values."""
    return Tensorflow()

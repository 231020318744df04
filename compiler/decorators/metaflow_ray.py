"""`@metaflow_ray(main_port=None, all_nodes_started_timeout=90, …)`: `@parallel` that makes a cluster of Ray.

Only node 0 runs the step, once all nodes have joined; `ray.init()` joins the cluster, and `current.ray_storage_path` is
a place below the datastore for what Ray keeps. Without a `main_port` it is 6379, and a free port in a local run. Ray
must be in the step's environment. `worker_polling_freq`, `heartbeat_timeout`, `unreachable_timeout` and
`enable_worker_logs` have no effect.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import amounts, flags, texts, within
from .decorator import value_error, whole
from .parallel import HOW as HOW
from .parallel import WHY as WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "main_port": None, "worker_polling_freq": 10, "all_nodes_started_timeout": 90, "heartbeat_timeout": 600,
    "unreachable_timeout": 600, "enable_worker_logs": False, "logging_level": None, "log_style": None,
    "enable_dashboard": False, "dashboard_port": 8265,
}  # fmt: skip
EXTENSION = "metaflow-ray"
GANG = True
IN_TASK = True
_STYLES = ("pretty", "record", "auto")


@record
class MetaflowRay:
    """Where the nodes of the cluster meet."""

    main_port: int | None  # None: the usual one, or a free one


def read(decorator: Decorator) -> MetaflowRay:
    """Returns the decorator's values as a record."""
    return MetaflowRay(whole(decorator.attributes["main_port"]) or None)


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from within(decorator, {"main_port": (1, 65535), "dashboard_port": (1, 65535)})
    yield from amounts(decorator, ("all_nodes_started_timeout", "heartbeat_timeout", "unreachable_timeout"), ())
    yield from flags(decorator, "enable_worker_logs", "enable_dashboard")
    yield from texts(decorator, "logging_level", example="info")
    style = decorator.attributes["log_style"]
    if style is not None and style not in _STYLES:
        yield value_error(
            decorator, "log_style", "it must be 'pretty', 'record' or 'auto'", "write `log_style='record'`"
        )

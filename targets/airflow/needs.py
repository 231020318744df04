"""The parts of a flow that Airflow can run only if a container runs several of their tasks."""

from __future__ import annotations

from flowc.compiler.ir.scopes import is_loop

from .wide_foreaches import wides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options


def needs_containers(flow: Flow, options: Options) -> Iterator[tuple[str, str]]:
    """Yields each step whose loop, or the items of whose foreach, must share containers, and the reason."""
    for step in flow.steps:
        if is_loop(step):
            yield step.name, "an Airflow DAG has no cycles"
    outermost = {wide.around[0]: None for wide in wides(flow, options)}
    for name in outermost:
        yield name, f"Airflow maps a task over at most {int(options.own('max-map-length')):,} items"

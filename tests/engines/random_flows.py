"""The same few random flows for every engine: drawn once, small enough that a pod a task is bearable."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flowc.compiler.ir import Flow
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.reference import executed
from tests.strategies import flows, source_of

SEED = 20_26


@cache
def sample(count: int, most: int) -> tuple[Flow, ...]:
    """Returns `count` different flows of at least 4 and at most `most` tasks, the same every time."""
    found: dict[str, Flow] = {}

    @seed(SEED)
    @settings(max_examples=40 * count, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
    @given(flows())
    def draw(flow: Flow) -> None:
        if len(found) < count and 4 <= len(executed(flow)) <= most:
            found.setdefault(source_of(flow), flow)

    draw()
    assert len(found) == count
    return tuple(found.values())


def written(flow: Flow, number: int, folder: Path) -> Path:
    """Writes the flow's source to a file of its own."""
    path = folder / f"random_{number}.py"
    path.write_text(source_of(flow))
    return path

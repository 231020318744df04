# idiom: type hints everywhere, not evaluated, some of them of names that exist only for a type checker
# expect: compiles
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from metaflow import FlowSpec, Parameter, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


class Typed(FlowSpec):
    rate: float = Parameter("rate", default=0.1)  # type: ignore[assignment]
    frame: pd.DataFrame
    scores: dict[str, float]

    @step
    def start(self) -> None:
        self.scores = {"a": 1.0 * self.rate}
        self.best: Optional[str] = self._best(self.scores)
        total: float = sum(self.scores.values())
        self.total = total
        self.next(self.end)

    def _best(self, scores: dict[str, Any], /, *, names: Sequence[str] = ()) -> str | None:
        return max(scores, key=scores.__getitem__, default=None)

    @step
    def end(self) -> None:
        assert isinstance(self.best, str)


if __name__ == "__main__":
    Typed()

# idiom: results are dataclasses, one of them frozen and with a field of the other
# expect: compiles
from dataclasses import dataclass, field, asdict, replace
from typing import List

from metaflow import FlowSpec, step


@dataclass(frozen=True)
class Score:
    name: str
    value: float = 0.0


@dataclass
class Report:
    scores: List[Score] = field(default_factory=list)
    note: str = ""

    @property
    def best(self):
        return max(self.scores, key=lambda score: score.value)


class Dataclasses(FlowSpec):
    @step
    def start(self):
        self.report = Report([Score("a", 0.3), Score("b", 0.7)])
        self.next(self.end)

    @step
    def end(self):
        self.best = self.report.best
        self.report = replace(self.report, note="checked")
        self.plain = asdict(self.report)


if __name__ == "__main__":
    Dataclasses()

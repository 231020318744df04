"""Decorators of functions within steps, comprehensions that shadow names, lambdas, nested classes, star expressions, global state."""
import functools
import operator
from typing import Any, Dict, List, Optional, TYPE_CHECKING

from metaflow import FlowSpec, current, step

if TYPE_CHECKING:
    import nothing_like_it

COUNTER = {"n": 0}
self = "a module's own self"


def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        COUNTER["n"] += 1
        return function(*args, **kwargs)

    return inner


class Model:
    def __init__(self, weights: "List[float]") -> None:
        self.weights = weights

    def __call__(self, x: float) -> float:
        return sum(w * x**i for i, w in enumerate(self.weights))

    def __eq__(self, other: Any) -> bool:
        return self.weights == other.weights

    __hash__ = None


class GeneratedStepBodies(FlowSpec):
    """A documented flow.

    With several lines, `code`, and {{braces}}.
    """

    defaults: Dict[str, Optional[int]] = {"a": None}

    @step
    def start(self) -> None:
        """Says where it begins."""

        @logged
        def twice(x):
            return 2 * x

        self.doubled = [*map(twice, range(3)), *(y for y in (7,))]
        self.counted = COUNTER["n"]
        self.merged = {**self.defaults, "b": 1}
        self.model = Model([1.0, 2.0])
        self.reduced = functools.reduce(operator.mul, [1, 2, 3])
        key = lambda pair: -pair[1]  # noqa: E731
        self.ordered = sorted({"x": 1, "y": 2}.items(), key=key)
        self.matrix = [[i * j for j in range(2)] for i in range(2)]
        self.module_self = [self for self in ["shadow"]]
        global COUNTER_TOO
        COUNTER_TOO = 5
        self.g = COUNTER_TOO
        self.next(self.use)

    @step
    def use(self) -> None:
        self.predicted = self.model(2.0)
        self.equal = self.model == Model([1.0, 2.0])
        self.counted_again = COUNTER["n"]
        self.doc = type(self).__doc__.splitlines()[0]
        self.step_name_is = current.step_name
        self.text = """a
        'long' "text" \\ {x}"""
        self.next(
            self.end,
        )

    @step
    def end(self) -> None:
        self.last = len(self.text)


if __name__ == "__main__":
    GeneratedStepBodies()

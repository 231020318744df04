# idiom: generic classes and protocols beside the flow
# expect: compiles
from typing import Generic, Protocol, TypeVar

from metaflow import FlowSpec, step

T = TypeVar("T")


class Model(Protocol):
    def predict(self, rows: list) -> list: ...


class Box(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content


class Doubling:
    def predict(self, rows: list) -> list:
        return [row * 2 for row in rows]


def apply(model: Model, rows: list) -> list:
    return model.predict(rows)


class Generics(FlowSpec):
    @step
    def start(self):
        self.box: Box[int] = Box(4)
        self.predicted = apply(Doubling(), [self.box.content])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Generics()

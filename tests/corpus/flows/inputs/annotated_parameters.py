# idiom: parameters with type annotations, declared before they are assigned
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Annotated(FlowSpec):
    size: int
    label: str = Parameter("label", type=str, default="x")

    size = Parameter(
        "size",
        help="how "
        "many",
        type=int,
        default=1,
    )

    @step
    def start(self) -> None:
        self.row: str = self.label * self.size
        self.next(self.end)

    @step
    def end(self) -> None:
        pass


if __name__ == "__main__":
    Annotated()

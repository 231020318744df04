# mypy: ignore-errors
from metaflow import FlowSpec, Parameter, card, step


class DefaultJsonCards(FlowSpec):
    """What the default card shows of tasks, as JSON."""

    alpha = Parameter("alpha", default=0.5, help="a number")
    KIND = "constant"

    @card(type="default_json")
    @step
    def start(self):
        """Begins.

        With a second line."""
        self.text = "a" * 120
        self.numbers = list(range(5))
        self.deep = {"a": {"b": {"c": {"d": 1}}}}
        self.image = b"GIF89a" + bytes(10)
        self.items = [1]
        self.next(self.body, foreach="items")

    @card(type="default_json", options={"only_repr": False})
    @step
    def body(self):
        self.value = {"item": self.input, "nested": (1, [2, {3}])}
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.split)

    @step
    def split(self):
        self.next(self.left, self.right)

    @card(type="default_json", options={"max_artifact_size": 5}, id="left")
    @step
    def left(self):
        self.next(self.both)

    @step
    def right(self):
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.choose)

    @step
    def choose(self):
        self.way = "left"
        self.next({"left": self.end, "right": self.other}, condition="way")

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DefaultJsonCards()

# idiom: a step decides in `if` and `else`, and has one transition at its end
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Deciding(FlowSpec):
    dry = Parameter("dry", default=True)

    def load(self):
        if self.dry:
            return []
        return [1]

    @step
    def start(self):
        rows = self.load()
        if not rows:
            self.status = "empty"
        elif len(rows) > 10:
            self.status = "large"
        else:
            self.status = "small"
        self.next(self.end)

    @step
    def end(self):
        self.text = "nothing" if self.status == "empty" else "something"


if __name__ == "__main__":
    Deciding()

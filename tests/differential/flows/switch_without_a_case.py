# fails: no case for the value
from metaflow import FlowSpec, step


class SwitchWithoutACase(FlowSpec):
    @step
    def start(self):
        self.choice = "c"
        self.next({"a": self.one, "b": self.two}, condition="choice")

    @step
    def one(self):
        self.next(self.end)

    @step
    def two(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchWithoutACase()

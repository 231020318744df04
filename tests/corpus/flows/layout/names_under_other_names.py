# idiom: imports under other names
# expect: compiles
from metaflow import FlowSpec as Pipeline, Parameter as Option, current as now, step as stage


class Renamed(Pipeline):
    color = Option("color", default="red")

    @stage
    def start(self):
        self.where = now.step_name
        self.next(self.end)

    @stage
    def end(self):
        self.done = self.color.upper()


if __name__ == "__main__":
    Renamed()

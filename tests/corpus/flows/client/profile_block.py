# idiom: `profile` measures a part of a step
# expect: compiles
from metaflow import FlowSpec, profile, step


class Profiled(FlowSpec):
    @step
    def start(self):
        stats = {}
        with profile("loading", stats_dict=stats):
            rows = list(range(100))
        with profile("printing"):
            print(len(rows))
        self.measured = list(stats)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Profiled()

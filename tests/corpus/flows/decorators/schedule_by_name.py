# idiom: `@schedule(hourly=True)` of a flow with parameters
# expect: compiles
from metaflow import FlowSpec, Parameter, schedule, step


@schedule(hourly=True)
class Hourly(FlowSpec):
    limit = Parameter("limit", default=3)

    @step
    def start(self):
        self.rows = list(range(self.limit))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Hourly()

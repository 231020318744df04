# idiom: a base flow with the ends, and a flow that fills in the middle
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class BaseFlow(FlowSpec):
    name_of_run = Parameter("name-of-run", default="base")

    @step
    def start(self):
        self.log = ["start"]
        self.next(self.work)

    @step
    def end(self):
        self.log.append("end")


class Daily(BaseFlow):
    factor = Parameter("factor", default=2)

    @step
    def work(self):
        self.log.append(f"{self.name_of_run} x {self.factor}")
        self.next(self.end)


if __name__ == "__main__":
    Daily()

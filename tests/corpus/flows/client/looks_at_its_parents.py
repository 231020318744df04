# idiom: a step asks for the run's parameters and the artifacts of its steps
# expect: compiles
from metaflow import FlowSpec, Parameter, Run, current, step


class Parents(FlowSpec):
    limit = Parameter("limit", default=2)

    @step
    def start(self):
        self.rows = list(range(self.limit))
        self.next(self.end)

    @step
    def end(self):
        run = Run(f"{current.flow_name}/{current.run_id}")
        task = run["start"].task
        self.found = {artifact.id: artifact.data for artifact in task if artifact.id in ("rows", "limit")}
        self.finished = [task.finished, run.finished, run.successful]


if __name__ == "__main__":
    Parents()

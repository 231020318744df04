# idiom: the last step reads what an earlier step of the same run left
# expect: compiles
from metaflow import Flow, FlowSpec, Run, Step, current, step


class Own(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2]
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        self.result = self.input * 10
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        run = Run(f"{current.flow_name}/{current.run_id}")
        self.read = sorted(task.data.result for task in run["work"])
        self.steps = sorted(one.id for one in run.steps())
        self.task_count = len(list(Step(f"{run.pathspec}/work")))
        self.is_mine = Flow(current.flow_name)[current.run_id].id == run.id


if __name__ == "__main__":
    Own()

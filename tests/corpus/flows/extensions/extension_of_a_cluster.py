# idiom: steps that an extension sends to a cluster of its own
# expect: compiles
# metaflow: needs metaflow-slurm
# leaves: total = 14
from metaflow import Config, FlowSpec, slurm, step


class OnCluster(FlowSpec):
    site = Config("site", default_value={"username": "ann", "address": "cluster.example"})

    @step
    def start(self):
        self.sizes = [1, 2, 3]
        self.next(self.square, foreach="sizes")

    @slurm(**site, cleanup=True)
    @step
    def square(self):
        self.size = self.input**2
        self.next(self.join)

    @slurm
    @step
    def join(self, inputs):
        self.total = sum(task.size for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    OnCluster()

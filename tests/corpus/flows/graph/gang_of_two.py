# idiom: `num_parallel` starts two nodes of one step
# refused: argo FLOW502
# refused: airflow FLOW502
# refused: step-functions FLOW502
# expect: compiles
from metaflow import FlowSpec, current, parallel, step


class Gang(FlowSpec):
    @step
    def start(self):
        self.base = 5
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        self.rank = current.parallel.node_index
        self.world = current.parallel.num_nodes
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ranks = sorted(each.rank for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Gang()

"""Tasks that run together: `num_parallel`, `@parallel`, and what each knows of the others."""

from metaflow import FlowSpec, current, parallel, step


class Gang(FlowSpec):
    @step
    def start(self):
        self.shards = [[1, 2], [3, 4], [5]]
        self.next(self.node, num_parallel=3)

    @parallel
    @step
    def node(self):
        self.total = sum(self.shards[current.parallel.node_index])
        self.seen = (self.index, self.input, current.parallel.num_nodes, current.is_parallel)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.totals = [each.total for each in inputs]
        self.seen = [each.seen for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Gang()

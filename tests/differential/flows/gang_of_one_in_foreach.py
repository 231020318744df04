from metaflow import FlowSpec, current, parallel, step


class GangOfOneInForeach(FlowSpec):
    @step
    def start(self):
        self.sizes = [1, 2]
        self.next(self.fan, foreach="sizes")

    @step
    def fan(self):
        self.size = self.input
        self.next(self.node, num_parallel=self.size)

    @parallel
    @step
    def node(self):
        self.rank = (current.parallel.node_index, current.parallel.num_nodes, self.input)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.ranks = sorted(each.rank for each in inputs)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ranks = [each.ranks for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangOfOneInForeach()

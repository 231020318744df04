# aside: stack
from metaflow import FlowSpec, current, parallel, step


class Gangs(FlowSpec):
    @step
    def start(self):
        self.n = 3
        self.alone = current.get("is_parallel")
        self.next(self.node, num_parallel=self.n)

    @parallel
    @step
    def node(self):
        self.rank = current.parallel.node_index
        self.seen = (current.parallel.num_nodes, current.parallel.main_ip, current.is_parallel, self.input, self.index)
        self.control = current.parallel.control_task_id == current.task_id
        self.stack = self.foreach_stack()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ranks = [each.rank for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Gangs()

# idiom: the number of items comes from a parameter, and may be one
# expect: compiles
# arguments: --shards 1
# arguments: --shards 4
from metaflow import FlowSpec, Parameter, step


class Shards(FlowSpec):
    shards = Parameter("shards", type=int, default=2, required=False)

    @step
    def start(self):
        self.numbers = [*range(self.shards)]
        self.next(self.shard, foreach="numbers")

    @step
    def shard(self):
        self.mine = [row for row in range(8) if row % self.shards == self.input]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = sorted(row for each in inputs for row in each.mine)
        self.next(self.end)

    @step
    def end(self):
        assert self.all == list(range(8))


if __name__ == "__main__":
    Shards()

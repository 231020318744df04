# idiom: defaults come from constants of the file and arithmetic with them
# expect: compiles
import os

from metaflow import FlowSpec, Parameter, step

MB = 1024 * 1024
ROOT = "data"
PATHS = {"train": os.path.join(ROOT, "train.csv"), "test": f"{ROOT}/test.csv"}
SEEDS = (1, 2) + (3,)


class Constants(FlowSpec):
    limit = Parameter("limit", default=16 * MB)
    train = Parameter("train", default=PATHS["train"])
    seeds = Parameter("seeds", default=",".join(str(seed) for seed in SEEDS))
    first = Parameter("first", default=SEEDS[0], type=int)

    @step
    def start(self):
        self.all = [int(seed) for seed in self.seeds.split(",")] + [self.first, self.limit]
        self.next(self.end)

    @step
    def end(self):
        self.path = self.train


if __name__ == "__main__":
    Constants()

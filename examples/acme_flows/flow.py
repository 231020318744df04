"""Train in one of Acme's pools of GPUs: `pip install .`, then `flowc compile flow.py --target argo`."""

from acme_flows import gpu_pool
from metaflow import FlowSpec, resources, step


class Training(FlowSpec):
    @step
    def start(self):
        self.rates = [0.1, 0.01]
        self.next(self.train, foreach="rates")

    @resources(memory=16000)
    @gpu_pool(name="training", gpus=2)
    @step
    def train(self):
        self.loss = self.input * 2
        self.next(self.best)

    @step
    def best(self, inputs):
        self.loss = min(branch.loss for branch in inputs)
        self.gpu_seconds = sum(branch.gpu_seconds for branch in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("the smallest loss is", self.loss)


if __name__ == "__main__":
    Training()

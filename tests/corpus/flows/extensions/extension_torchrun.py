# idiom: a gang whose nodes start PyTorch's launcher, which only a local run can start together
# expect: FLOW502
from metaflow import FlowSpec, current, step, torchrun


class Distributed(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=2)

    @torchrun(all_nodes_started_timeout=300)
    @step
    def train(self):
        current.torch.run(entrypoint="train.py", entrypoint_args={"epochs": 3}, nproc_per_node=2)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Distributed()

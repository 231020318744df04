# idiom: PyTorch's launcher for the GPUs of one task, with the checkpoints that its script saves
# expect: compiles
# metaflow: needs metaflow-torchrun and metaflow-checkpoint
# run: PyTorch is not installed here
from metaflow import FlowSpec, checkpoint, current, load_model, resources, step


class OneMachine(FlowSpec):
    @checkpoint
    @resources(gpu=2)
    @step
    def start(self):
        from metaflow import TorchrunSingleNodeMultiGPU

        TorchrunSingleNodeMultiGPU().run(entrypoint="lib_training.py", nproc_per_node=2)
        self.last = current.checkpoint.list(name="weights")[0]
        self.next(self.end)

    @step
    def end(self):
        load_model(self.last, "/tmp/weights")


if __name__ == "__main__":
    OneMachine()

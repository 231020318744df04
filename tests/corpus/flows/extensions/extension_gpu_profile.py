# idiom: a profile of the GPU, whose artifacts a later step reads
# expect: compiles
# metaflow: has no gpu_profile of its own
# leaves: gpu_profile_num_gpus = 0; total = 499500
from metaflow import FlowSpec, resources, step
from metaflow.profilers import gpu_profile


class Profiled(FlowSpec):
    @gpu_profile(interval=1)
    @resources(gpu=1)
    @step
    def start(self):
        self.total = sum(range(1000))
        self.next(self.end)

    @step
    def end(self):
        print(self.gpu_profile_num_gpus, self.gpu_profile_data["error"])


if __name__ == "__main__":
    Profiled()

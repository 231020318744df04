# idiom: decorators take numbers and images from constants of the file
# expect: compiles
from metaflow import FlowSpec, environment, resources, retry, step, timeout

CPU = 2
MEMORY_GB = 4
VARS = {"OMP_NUM_THREADS": str(CPU), "STAGE": "train"}


class FromConstants(FlowSpec):
    @retry(times=CPU - 1, minutes_between_retries=0)
    @resources(cpu=CPU, memory=MEMORY_GB * 1024)
    @environment(vars=VARS)
    @step
    def start(self):
        import os

        self.threads = os.environ["OMP_NUM_THREADS"]
        self.next(self.end)

    @timeout(minutes=1)
    @environment(vars={**VARS, "STAGE": "end"})
    @step
    def end(self):
        import os

        self.stage = os.environ["STAGE"]


if __name__ == "__main__":
    FromConstants()

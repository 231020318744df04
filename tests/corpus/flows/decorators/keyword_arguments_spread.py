# idiom: `@resources(**SMALL)`, with one value replaced
# expect: compiles
from metaflow import FlowSpec, resources, retry, step

SMALL = dict(cpu=1, memory=500)
LARGE = {**SMALL, "memory": 4 * SMALL["memory"]}
RETRY = {"times": 0}


class Spreading(FlowSpec):
    @resources(**SMALL)
    @retry(**RETRY)
    @step
    def start(self):
        self.memory = LARGE["memory"]
        self.next(self.end)

    @resources(**LARGE)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Spreading()

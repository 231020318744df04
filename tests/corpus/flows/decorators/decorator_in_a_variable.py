# idiom: a decorator with its arguments has a name of its own
# expect: compiles
from metaflow import FlowSpec, resources, retry, step

small = resources(cpu=1, memory=256)
careful = retry(times=1, minutes_between_retries=0)


class Variables(FlowSpec):
    @careful
    @small
    @step
    def start(self):
        self.rows = [1]
        self.next(self.end)

    @careful
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Variables()

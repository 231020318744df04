# idiom: numbers of decorators are written as text
# expect: compiles
from metaflow import FlowSpec, resources, retry, step, timeout


class Texts(FlowSpec):
    @resources(cpu="2", memory="1000")
    @timeout(seconds=90, minutes=1)
    @step
    def start(self):
        self.rows = 1
        self.next(self.end)

    @retry(times=0)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Texts()

# idiom: a decorator of a small public extension
# expect: FLOW115
from metaflow import FlowSpec, pip, step


class Extension(FlowSpec):
    @pip(libraries={"tqdm": "4.66.1"})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Extension()

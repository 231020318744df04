# idiom: arguments that do not fit together
# expect: FLOW315
# metaflow: it fails when the run starts
from metaflow import FlowSpec, Parameter, step


class Unfitting(FlowSpec):
    sizes = Parameter("sizes", multiple=True, default=3, type=int)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Unfitting()

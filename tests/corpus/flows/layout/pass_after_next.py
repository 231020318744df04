# idiom: a `pass` or a comment stands before the transition, and steps do nothing
# expect: compiles
from metaflow import FlowSpec, step


class Idle(FlowSpec):
    @step
    def start(self):
        pass
        self.next(self.wait)

    @step
    def wait(self):
        ...
        self.next(self.end)  # nothing to do yet
        # really nothing

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Idle()

# idiom: nobody starts the flow: `__name__` is compared with something else
# expect: compiles
# metaflow: the file starts nothing
# leaves: ready = True
from metaflow import FlowSpec, step


class Unstarted(FlowSpec):
    @step
    def start(self):
        self.ready = True
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__dict__":
    Unstarted()

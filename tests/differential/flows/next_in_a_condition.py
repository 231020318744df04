# fails: the run goes elsewhere than the source says
from metaflow import FlowSpec, step


class NextInACondition(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.middle)

    @step
    def middle(self):
        if self.x:
            self.next(self.end)
            return
        self.next(self.other)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NextInACondition()

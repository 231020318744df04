# idiom: a path in the home, which the command line gives
# expect: compiles
# options: --set 'os.path.expanduser("~/data")=/data'
# metaflow: its value differs from place to place
# leaves: data = "/data"
import os

from metaflow import FlowSpec, Parameter, step


class Homed(FlowSpec):
    data = Parameter("data", default=os.path.expanduser("~/data"))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Homed()

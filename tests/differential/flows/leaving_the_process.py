# fails: a step leaves the process
import sys

from metaflow import FlowSpec, step


class LeavingTheProcess(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        sys.exit(1)


if __name__ == "__main__":
    LeavingTheProcess()

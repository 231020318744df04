# idiom: the lines under `__main__` do more than start the flow
# expect: compiles
import os
import sys

from metaflow import FlowSpec, step


class Started(FlowSpec):
    @step
    def start(self):
        self.ready = True
        self.next(self.end)

    @step
    def end(self):
        pass


def main():
    print("starting", os.path.basename(sys.argv[0]), file=sys.stderr)


if __name__ == "__main__":
    main()
    Started()

# idiom: a module reads a file that lies beside it
# expect: compiles
import json
import os

from metaflow import FlowSpec, step

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "labels.json")) as file:
    LABELS = json.load(file)


class Labels(FlowSpec):
    @step
    def start(self):
        self.labels = sorted(LABELS)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Labels()

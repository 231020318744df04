# idiom: two flows in a file; the one under `__main__` is meant
# expect: compiles
from metaflow import FlowSpec, step


class Ingest(FlowSpec):
    @step
    def start(self):
        self.what = "ingest"
        self.next(self.end)

    @step
    def end(self):
        pass


class Report(FlowSpec):
    @step
    def start(self):
        self.what = "report"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Report()

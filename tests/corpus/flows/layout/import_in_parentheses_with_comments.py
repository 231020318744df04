# idiom: a long import in parentheses, with comments and names that are not used
# expect: compiles
from metaflow import (
    FlowSpec,
    IncludeFile,  # noqa: F401
    Parameter,
    S3,  # for later
    card,
    catch,
    conda_base,
    current,
    project,
    resources,
    retry,
    step,
    timeout,
)


class Importing(FlowSpec):
    threshold = Parameter("threshold", default=0.5)

    @step
    def start(self):
        self.above = self.threshold > 0.4
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Importing()

# idiom: what steps use at run time is assigned below the class, some of it from the environment
# expect: compiles
import os

from metaflow import FlowSpec, step


class Below(FlowSpec):
    @step
    def start(self):
        self.project = project or "none"
        self.limits = dict(LIMITS)
        self.next(self.end)

    @step
    def end(self):
        pass


project = os.getenv("CORPUS_PROJECT")
LIMITS = {"rows": 3}

if __name__ == "__main__":
    Below()

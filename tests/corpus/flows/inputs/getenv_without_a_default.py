# idiom: values need variables of the environment that have no default
# expect: FLOW120
import os

from metaflow import FlowSpec, Parameter, environment, resources, step


class Unsized(FlowSpec):
    bucket = Parameter("bucket", default=f"{os.environ['BUCKET']}-{os.environ['STAGE']}")

    @environment(vars={"TEAM": os.getenv("TEAM")})
    @resources(memory=int(os.environ["MEMORY"]))
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Unsized()

# idiom: the command line gives the variables that have no default
# expect: compiles
# options: --env BUCKET=b --env STAGE=s --env TEAM=t --env MEMORY=100
# environment: BUCKET=b STAGE=s TEAM=t MEMORY=100
import os

from metaflow import FlowSpec, Parameter, environment, resources, step


class Given(FlowSpec):
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
    Given()

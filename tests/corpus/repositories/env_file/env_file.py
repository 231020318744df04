# idiom: a file gives the variables that have no default
# expect: compiles
# options: --env-file settings.env
# metaflow: the option is flowc's
# run: a run has the variables of its own environment
import os

from metaflow import FlowSpec, Parameter, environment, resources, step


class FromFile(FlowSpec):
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
    FromFile()

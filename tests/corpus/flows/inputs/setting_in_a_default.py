# idiom: a setting of Metaflow's is part of a parameter's default
# expect: compiles
# options: --env METAFLOW_DATATOOLS_S3ROOT=s3://bucket/data
# environment: METAFLOW_DATATOOLS_S3ROOT=s3://bucket/data
from metaflow import FlowSpec, Parameter, step
from metaflow.metaflow_config import DATATOOLS_S3ROOT


class Rooted(FlowSpec):
    root = Parameter("root", default=DATATOOLS_S3ROOT + "/mine")

    @step
    def start(self):
        self.place = self.root + "/x"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Rooted()

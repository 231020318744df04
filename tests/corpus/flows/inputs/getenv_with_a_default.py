# idiom: a decorator and a parameter read variables of the environment, with defaults
# expect: compiles
import os

from metaflow import FlowSpec, Parameter, resources, step

MEMORY = int(os.getenv("TRAIN_MEMORY", "2048"))


class Sized(FlowSpec):
    bucket = Parameter("bucket", default=os.environ.get("BUCKET_OF_MODELS", "models"))
    region = Parameter("region", default=os.getenv("REGION_OF_MODELS") or "north")

    @resources(memory=MEMORY)
    @step
    def start(self):
        self.place = self.bucket + "/" + self.region
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Sized()

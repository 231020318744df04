# idiom: variables that the task's container has
# expect: compiles
# options: --env LESSON_BUCKET=@runtime --env LESSON_REGION=@runtime
# environment: LESSON_BUCKET=lake LESSON_REGION=eu
import os

from metaflow import FlowSpec, Parameter, environment, step


class AtRunTime(FlowSpec):
    bucket = Parameter("bucket", default=os.getenv("LESSON_BUCKET"))

    @environment(vars={"REGION": os.environ["LESSON_REGION"], "STAGE": "dev"})
    @step
    def start(self):
        self.place = (self.bucket, os.environ["REGION"], os.environ["STAGE"])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AtRunTime()

# idiom: `getenv` and `environ`, imported by name
# expect: compiles
# options: --env LESSON_TEAM=data
# environment: LESSON_TEAM=data
from os import environ, getenv

from metaflow import FlowSpec, Parameter, step


class ByName(FlowSpec):
    team = Parameter("team", default=environ["LESSON_TEAM"])
    region = Parameter("region", default=getenv("LESSON_NOWHERE", "eu"))
    size = Parameter("size", type=int, default=environ.get("LESSON_NO_SIZE", 3))

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ByName()

import os

from metaflow import FlowSpec, environment, step


class EnvironmentVariables(FlowSpec):
    @environment(vars={"MINE": "x y", "COUNT": 3, "NOTHING": None})
    @step
    def start(self):
        self.seen = (os.environ["MINE"], os.environ["COUNT"], os.environ["NOTHING"])
        self.next(self.end)

    @step
    def end(self):
        self.gone = os.environ.get("MINE")


if __name__ == "__main__":
    EnvironmentVariables()

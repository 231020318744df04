# idiom: a parameter's default is a value of a `Config`
# expect: compiles
import os

from metaflow import Config, FlowSpec, Parameter, config_expr, step


class Defaults(FlowSpec):
    config = Config("config", default_value={"depth": 4, "name": "tree"})
    depth = Parameter("depth", default=config.depth)
    title = Parameter("title", default=config_expr("config.name.upper()"))

    @step
    def start(self):
        self.both = (self.depth, self.title)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Defaults()

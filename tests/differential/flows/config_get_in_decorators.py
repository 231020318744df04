"""`get` names a part of a config in the body of the class."""

import os

from metaflow import Config, FlowSpec, Parameter, environment, step


class ConfigGet(FlowSpec):
    cfg = Config("cfg", default_value={"a": {"k": "v"}, "n": 4})
    size = Parameter("size", default=cfg.get("n"))

    @environment(vars={"KIND": cfg.a.get("k", "none"), "OTHER": cfg.get("a").k})
    @step
    def start(self):
        self.kind = (os.environ["KIND"], os.environ["OTHER"])
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.kind, self.size, self.cfg.get("z", "default"))


if __name__ == "__main__":
    ConfigGet()

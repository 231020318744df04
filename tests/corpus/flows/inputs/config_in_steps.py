# idiom: a `Config` file read in steps, by attribute, by key, and with `get`
# expect: compiles
import os

from metaflow import Config, FlowSpec, step


class Configured(FlowSpec):
    config = Config("config", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "settings.json"))

    @step
    def start(self):
        self.depth = self.config.model.depth
        self.names = list(self.config["model"]["names"])
        self.missing = self.config.get("missing", 5)
        self.next(self.end)

    @step
    def end(self):
        self.keys = sorted(self.config.keys())


if __name__ == "__main__":
    Configured()

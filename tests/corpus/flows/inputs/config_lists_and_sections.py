# idiom: sections of a `Config` are gone through, and handed to functions
# expect: compiles
import os

from metaflow import Config, FlowSpec, step

HERE = os.path.dirname(os.path.abspath(__file__))


def build(depth, names):
    return [f"{name}-{depth}" for name in names]


class Sections(FlowSpec):
    settings = Config("settings", default=os.path.join(HERE, "settings.json"))

    @step
    def start(self):
        self.built = build(**self.settings.model)
        self.sizes = {name: value for name, value in self.settings.resources.items()}
        self.first = self.settings.model.names[0]
        self.has_tags = bool(self.settings.tags)
        self.next(self.end)

    @step
    def end(self):
        self.copied = self.settings.model.to_dict()


if __name__ == "__main__":
    Sections()

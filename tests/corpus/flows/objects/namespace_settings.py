# idiom: a SimpleNamespace with the settings
# expect: compiles
from types import SimpleNamespace

from metaflow import FlowSpec, Parameter, resources, step

SETTINGS = SimpleNamespace(region="eu", sizes=SimpleNamespace(small=1, large=8))


class Spaced(FlowSpec):
    region = Parameter("region", default=SETTINGS.region)

    @resources(cpu=SETTINGS.sizes.large)
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Spaced()

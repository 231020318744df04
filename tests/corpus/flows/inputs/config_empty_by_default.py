# idiom: a config that every run must be given, with an empty text as its default
# expect: FLOW132
from metaflow import Config, FlowSpec, resources, step


class EmptyConfig(FlowSpec):
    config = Config("config", default_value="")

    @resources(cpu=config.cpu)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    EmptyConfig()

# idiom: a config that every run must be given, and is given
# expect: compiles
# options: --config-value config {\"cpu\":2}
# metaflow: the harness gives no configs
# leaves: cpu = 2
from metaflow import Config, FlowSpec, resources, step


class GivenConfig(FlowSpec):
    config = Config("config", default_value="")

    @resources(cpu=config.cpu)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.cpu = self.config.cpu


if __name__ == "__main__":
    GivenConfig()

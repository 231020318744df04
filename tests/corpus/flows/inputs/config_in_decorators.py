# idiom: decorators take their values from a `Config`
# expect: compiles
import os

from metaflow import Config, FlowSpec, config_expr, environment, project, resources, step


@project(name=config_expr("config.project"))
class FromConfig(FlowSpec):
    config = Config("config", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "settings.json"))

    @resources(**config_expr("config.resources"))
    @environment(vars={"DEPTH": config_expr("str(config.model.depth)"), "PROJECT": config.project})
    @step
    def start(self):
        self.depth = os.environ["DEPTH"]
        self.next(self.end)

    @resources(cpu=config.resources.cpu)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    FromConfig()

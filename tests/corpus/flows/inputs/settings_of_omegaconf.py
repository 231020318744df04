# idiom: settings that OmegaConf reads when the module is imported
# expect: compiles
# metaflow: OmegaConf is not installed
# run: OmegaConf is not installed
from pathlib import Path

from metaflow import FlowSpec, Parameter, resources, step
from omegaconf import OmegaConf

SETTINGS = OmegaConf.load(Path(__file__).parent / "settings.json")
SCALE = OmegaConf.to_container(OmegaConf.create("factor: 2\nnames: [a, b]"), resolve=True)


class OmegaSettings(FlowSpec):
    depth = Parameter("depth", default=SETTINGS.model.depth * SCALE["factor"])

    @resources(cpu=SETTINGS.resources.cpu)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OmegaSettings()

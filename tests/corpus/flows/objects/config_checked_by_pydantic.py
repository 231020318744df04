# idiom: a model of pydantic checks a config in its parser, given by a function that makes parsers
# expect: compiles
# metaflow: needs pydantic and PyYAML
# leaves: line = "Oslo: 30 days, 2 cores"

import io
from pathlib import Path

import yaml
from metaflow import Config, FlowSpec, resources, step
from pydantic import BaseModel, Field

HERE = Path(__file__).parent


class Settings(BaseModel):
    city: str
    days: int = Field(gt=0, default=30)
    cores: int = Field(ge=1, le=8, description="of the training step")


def parser_for(model: type[BaseModel]):
    def parse(text: str):
        return model.model_validate(yaml.safe_load(io.BytesIO(text.encode("utf-8")))).model_dump()

    return parse


class Checked(FlowSpec):
    config: Settings = Config("config", default=str(HERE / "checked.yaml"), parser=parser_for(Settings))

    @resources(cpu=config.cores)
    @step
    def start(self):
        self.line = f"{self.config.city}: {self.config.days} days, {self.config.cores} cores"
        self.next(self.end)

    @step
    def end(self):
        print(self.line)


if __name__ == "__main__":
    Checked()

# idiom: settings from files beside the flow, read when the module is imported, in decorators and defaults
# expect: compiles
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from metaflow import FlowSpec, Parameter, project, resources, step

HERE = Path(__file__).resolve().parent


def read(name):
    path = HERE / name
    if not path.exists():
        raise FileNotFoundError(path)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


SETTINGS = read("settings.json")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "table.csv")) as file:
    COLUMNS = file.read().splitlines()[0].split(",")
with (HERE / "settings.ini").open() as file:
    LINES = [line.strip() for line in file]
TEXT = (HERE / "settings.ini").read_text()
SINCE = datetime(2024, 2, 27) + timedelta(days=3)


@project(name=Path(__file__).stem)
class SettingsFiles(FlowSpec):
    settings = Parameter("settings", default=json.dumps(SETTINGS, sort_keys=True))
    columns = Parameter("columns", default=",".join(COLUMNS))
    lines = Parameter("lines", default=len(LINES))
    since = Parameter("since", default=SINCE.strftime("%Y-%m-%d"))

    @resources(cpu=len(COLUMNS), memory=len(TEXT) * 100)
    @step
    def start(self):
        self.found = (SETTINGS, COLUMNS, LINES, TEXT)
        self.next(self.end)

    @step
    def end(self):
        self.text = f"{self.columns} {self.lines} {self.since}"


if __name__ == "__main__":
    SettingsFiles()

# idiom: defaults of parameters that are paths beside the flow's file, in the current folder and in the home
# expect: compiles
# metaflow: its parameters are paths that differ from place to place
# leaves: beside = ["pictures", "table.csv"]; is_path = True; is_current = True; is_home = True

import os
from pathlib import Path

from metaflow import FlowSpec, Parameter, step

HERE = Path(__file__).resolve().parent


class Beside(FlowSpec):
    FOLDER = os.path.dirname(os.path.abspath(__file__))

    pictures = Parameter("pictures", default=os.path.join(FOLDER, "pictures"))
    table = Parameter("table", default=str(HERE / "table.csv"), type=str)
    results = Parameter("results", default=HERE / "results")
    cache = Parameter("cache", default=os.path.join(os.getcwd(), "cache"))
    models = Parameter("models", default=os.path.expanduser("~/models"))

    @step
    def start(self):
        here = os.path.dirname(os.path.abspath(__file__))
        self.beside = [os.path.relpath(path, here) for path in (self.pictures, self.table)]
        self.is_path = isinstance(self.results, Path)
        self.is_current = self.cache == os.path.join(os.getcwd(), "cache")
        self.is_home = self.models == os.path.join(os.path.expanduser("~"), "models")
        self.next(self.end)

    @step
    def end(self):
        print(self.beside, self.is_path, self.is_current, self.is_home)


if __name__ == "__main__":
    Beside()

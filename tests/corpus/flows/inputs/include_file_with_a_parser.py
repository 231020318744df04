# idiom: `IncludeFile` whose content a parser turns into data
# expect: compiles
import json
import os

from metaflow import FlowSpec, IncludeFile, step


class Parsed(FlowSpec):
    settings = IncludeFile(
        "settings", default=os.path.join(os.path.dirname(__file__), "settings.json"), is_text=True
    )

    @step
    def start(self):
        settings = json.loads(self.settings)
        self.depth = settings["model"]["depth"]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Parsed()

# idiom: files of folders beside the flow's, by paths that climb from __file__
# expect: compiles
import os
from pathlib import Path

from metaflow import Config, FlowSpec, IncludeFile, step

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = Path(__file__).resolve().parent


class Above(FlowSpec):
    settings = Config("settings", default=os.path.join(ROOT, "settings", "all.json"))
    words = IncludeFile("words", default=str(HERE.parent / "settings" / "words.txt"))
    more = IncludeFile("more", default=str(HERE / ".." / "settings" / "words.txt"))

    @step
    def start(self):
        self.rate = self.settings.rate
        self.count = len(self.words.split()) + len(self.more.split())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Above()

# idiom: files named by paths from `__file__`, from the current folder, and by pathlib
# expect: compiles
import os
from pathlib import Path

from metaflow import Config, FlowSpec, IncludeFile, Parameter, step

HERE = Path(__file__).resolve().parent


def beside(name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


class IncludedPaths(FlowSpec):
    one = IncludeFile("one", default=str(HERE / "data.txt"))
    two = IncludeFile("two", default=os.path.join(os.getcwd(), "data.txt"))
    three = IncludeFile("three", default=str(Path.cwd().joinpath("data.txt")))
    four = IncludeFile("four", default=os.path.abspath("data.txt"))
    five = IncludeFile("five", default=str(Path("data.txt").resolve()))
    six = IncludeFile("six", default=beside("data.txt"))
    cfg = Config("cfg", default=os.path.join(os.getcwd(), "settings.json"))
    own = Config("own", default=str(Path.cwd() / "settings.json"))
    size = Parameter("size", default=cfg.size)

    @step
    def start(self):
        self.same = self.one == self.two == self.three == self.four == self.five == self.six
        self.next(self.end)

    @step
    def end(self):
        print(self.own.size)


if __name__ == "__main__":
    IncludedPaths()

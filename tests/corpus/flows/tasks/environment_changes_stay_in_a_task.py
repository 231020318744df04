# idiom: a step changes the environment, the folder and the search path, and the next does not see it
# expect: compiles
import os
import sys
import tempfile

from metaflow import FlowSpec, step


class Staying(FlowSpec):
    @step
    def start(self):
        os.environ["CORPUS_ONLY_HERE"] = "1"
        sys.path.insert(0, "/corpus/nowhere")
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            self.moved = os.path.realpath(os.getcwd()) == os.path.realpath(folder)
            os.chdir(here)
        self.next(self.end)

    @step
    def end(self):
        self.seen = os.environ.get("CORPUS_ONLY_HERE"), "/corpus/nowhere" in sys.path


if __name__ == "__main__":
    Staying()

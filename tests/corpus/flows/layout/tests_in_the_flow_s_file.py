# idiom: tests that start the flow are in its file
# expect: compiles
import subprocess
import sys

from metaflow import FlowSpec, step


class Tested(FlowSpec):
    @step
    def start(self):
        self.answer = 42
        self.next(self.end)

    @step
    def end(self):
        assert self.answer == 42


def test_runs():
    subprocess.run([sys.executable, __file__, "--no-pylint", "run"], check=True)


if __name__ == "__main__":
    Tested()

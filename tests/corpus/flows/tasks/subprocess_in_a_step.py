# idiom: a step calls a program, and keeps its output
# expect: compiles
import subprocess
import sys

from metaflow import FlowSpec, step


class Programs(FlowSpec):
    @step
    def start(self):
        done = subprocess.run(
            [sys.executable, "-c", "print(6 * 7)"], check=True, stdout=subprocess.PIPE, universal_newlines=True
        )
        self.output = done.stdout.strip()
        self.status = subprocess.call([sys.executable, "-c", "raise SystemExit(3)"])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Programs()

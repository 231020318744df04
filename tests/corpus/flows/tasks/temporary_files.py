# idiom: steps write files to temporary folders, and keep their content
# expect: compiles
import os
import shutil
import tempfile
from pathlib import Path

from metaflow import FlowSpec, step


class Files(FlowSpec):
    @step
    def start(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.txt")
            path.write_text("1\n2\n", encoding="utf-8")
            self.rows = [int(line) for line in path.read_text().split()]
        folder = tempfile.mkdtemp()
        try:
            with open(os.path.join(folder, "x"), "wb") as file:
                file.write(bytes(3))
            self.sizes = {name: os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.next(self.end)

    @step
    def end(self):
        self.gone = not os.path.exists(folder_of(self))


def folder_of(flow):
    return os.path.join(tempfile.gettempdir(), "corpus-never-there")


if __name__ == "__main__":
    Files()

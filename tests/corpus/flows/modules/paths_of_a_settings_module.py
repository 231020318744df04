# idiom: a settings module makes paths from its own place, and steps join them
# expect: compiles
from metaflow import FlowSpec, step
from settings_of_modules import DATA_DIR, labels


class Paths(FlowSpec):
    @step
    def start(self):
        self.folder = (DATA_DIR / "raw" / "books.csv").name
        self.labels = labels()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Paths()

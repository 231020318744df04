# fails: it reads an artifact that is not there
from metaflow import FlowSpec, step


class AbsentArtifact(FlowSpec):
    @step
    def start(self):
        try:
            self.missing
        except AttributeError as error:
            self.said = str(error)
        self.default = getattr(self, "missing", "default")
        self.next(self.end)

    @step
    def end(self):
        self.missing


if __name__ == "__main__":
    AbsentArtifact()

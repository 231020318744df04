# idiom: a file that must be given with each run
# expect: compiles
# metaflow: the path would have to be the same in both
# run: it needs a file
from metaflow import FlowSpec, IncludeFile, step


class Given(FlowSpec):
    blocked = IncludeFile("blocked", required=True, is_text=True, help="one name a line")
    extra = IncludeFile("extra")

    @step
    def start(self):
        self.names = [line for line in self.blocked.splitlines() if line.strip()]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Given()

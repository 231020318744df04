# idiom: the flow that is started is kept in a variable, or another module asks for `main()`
# expect: compiles
# metaflow: the harness needs the plain call
# leaves: ready = True
from metaflow import FlowSpec, step


class Kept(FlowSpec):
    @step
    def start(self):
        self.ready = True
        self.next(self.end)

    @step
    def end(self):
        pass


def main() -> None:
    Kept()


if __name__ == "__main__":
    flow = Kept()

# idiom: an option with a fixed number of values is a tuple
# expect: compiles
# arguments:
# arguments: --window 2 5 --corner 1 2 --corner 3 4
from metaflow import FlowSpec, Parameter, step


class Window(FlowSpec):
    window = Parameter("window", nargs=2, type=float, default=(0.0, 1.0))
    corners = Parameter("corner", nargs=2, type=int, multiple=True)

    @step
    def start(self):
        self.width = self.window[1] - self.window[0]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Window()

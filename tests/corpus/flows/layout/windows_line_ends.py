# idiom: lines end as on Windows, and the file begins with a byte order mark
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Windows(FlowSpec):
    text = Parameter("text", default="""two
lines""")

    @step
    def start(self):
        self.lines = self.text.split("\n")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Windows()

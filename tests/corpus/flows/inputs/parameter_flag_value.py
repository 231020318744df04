# idiom: a flag that stands for a text
# expect: compiles
# arguments:
# arguments: --mode
from metaflow import FlowSpec, Parameter, step


class Fast(FlowSpec):
    mode = Parameter("mode", flag_value="fast")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Fast()

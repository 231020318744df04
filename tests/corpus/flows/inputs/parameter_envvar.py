# idiom: a variable of its own gives the value
# expect: compiles
# environment: LESSON_KEY=abc LESSON_B=7
from metaflow import FlowSpec, Parameter, step


class FromVariable(FlowSpec):
    key = Parameter("key", envvar="LESSON_KEY", default="none")
    other = Parameter("other", envvar=["LESSON_A", "LESSON_B"], type=int, default=0)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FromVariable()

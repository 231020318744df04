# idiom: a function of the flow's as a type
# expect: compiles
# arguments:
# arguments: --names x,y,z
from metaflow import FlowSpec, Parameter, step


def words(text):
    return text.split(",")


class Converted(FlowSpec):
    names = Parameter("names", type=words, default="a,b")
    short = Parameter("short", type=lambda text: text[:3], default="abcdef")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Converted()

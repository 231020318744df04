# idiom: arguments that only change the help
# expect: compiles
# arguments: --secret y
from metaflow import FlowSpec, Parameter, step


class Described(FlowSpec):
    secret = Parameter("secret", hidden=True, default="x")
    rate = Parameter("rate", metavar="SHARE", default=0.5, show_default=False)
    name_of = Parameter("name-of", show_envvar=True, is_eager=True, default="n", help="who")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Described()

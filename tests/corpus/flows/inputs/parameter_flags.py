# idiom: flags take no value on the command line
# expect: compiles
# arguments:
# arguments: --quiet --keep --dry --maybe
from metaflow import FlowSpec, Parameter, step


class Flags(FlowSpec):
    quiet = Parameter("quiet", is_flag=True, default=False)
    keep = Parameter("keep", is_flag=True, default=True)
    dry = Parameter("dry", is_flag=True, type=bool)
    maybe = Parameter("maybe", is_flag=True)

    @step
    def start(self):
        self.said = [self.quiet, self.keep, self.dry, self.maybe]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Flags()

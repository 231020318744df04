# idiom: `functools.partial` of a decorator of Metaflow's, without parentheses
# expect: compiles
import functools

from metaflow import FlowSpec, retry, step


sturdy = functools.partial(retry, times=2)


class DecoratorPartial(FlowSpec):
    @sturdy
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorPartial()

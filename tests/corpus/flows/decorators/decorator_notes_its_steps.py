# idiom: a wrapper that logs, registers and marks its steps, and applies a decorator
# expect: compiles
import logging

from metaflow import FlowSpec, retry, step


log = logging.getLogger(__name__)
STEPS = {}


def owned(team):
    def applied(function):
        log.info("a step of %s", team)
        STEPS[function.__name__] = function
        function.team = team
        return retry(times=1)(function)

    return applied


class DecoratorNotesItsSteps(FlowSpec):
    @owned("core")
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorNotesItsSteps()

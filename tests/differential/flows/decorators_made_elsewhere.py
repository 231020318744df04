import functools
import os

from metaflow import FlowSpec, catch, current, environment, project, retry, step

twice = retry(times=2, minutes_between_retries=0)
ONES = {"plain": catch(var="oops", print_exception=False)}


def careful(function):
    return retry(times=1, minutes_between_retries=0)(environment(vars={"A": "1"})(function))


def with_variable(value):
    def put(function):
        return environment(vars={"B": value})(function)

    return put


def counted(function):
    @functools.wraps(function)
    def inner(self):
        self.counted = getattr(self, "counted", 0) + 1
        return function(self)

    return inner


def ours(cls):
    return project(name="ours")(cls)


def as_step(function):
    return environment(vars={"C": "3"})(step(function))


@ours
class DecoratorsMadeElsewhere(FlowSpec):
    @careful
    @step
    def start(self):
        self.a = os.environ.get("A")
        if current.retry_count < 1:
            raise ValueError("again")
        self.attempt = current.retry_count
        self.next(self.second)

    @twice
    @with_variable("2")
    @step
    def second(self):
        self.b = os.environ.get("B")
        if current.retry_count < 2:
            raise ValueError("again")
        self.attempt = current.retry_count
        self.next(self.third)

    @ONES["plain"]
    @step
    @counted
    def third(self):
        if self.b:
            raise KeyError("caught")
        self.next(self.end)

    @as_step
    def end(self):
        self.c = os.environ.get("C")
        self.project = current.project_name
        self.was = self.oops.type


if __name__ == "__main__":
    DecoratorsMadeElsewhere()

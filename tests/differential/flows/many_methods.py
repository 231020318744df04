"""Properties, static and class methods, generators, async functions, super()."""
import asyncio
import functools
from abc import ABC, abstractmethod

from metaflow import FlowSpec, Parameter, step


class Mixin:
    factor = 3

    @property
    def tripled(self):
        return self.base * self.factor

    @staticmethod
    def add(a, b):
        return a + b

    @classmethod
    def name_of(cls):
        return cls.__name__

    def numbers(self, upto):
        yield from range(upto)


class Base(FlowSpec):
    base = Parameter("base", default=2)

    @step
    def start(self):
        self.log = ["base start"]
        self.next(self.end)

    def note(self, text, *more, sep=" ", **named):
        self.log = self.log + [sep.join([text, *more, *(f"{k}={v}" for k, v in named.items())])]
        return self


class ManyMethods(Mixin, Base):
    @step
    def start(self):
        self.log = []
        self.note("a", "b", sep="-", k=1).note("c")
        self.t = self.tripled
        self.s = self.add(1, 2)
        self.n = self.name_of()
        self.g = list(self.numbers(4))

        async def later():
            await asyncio.sleep(0)
            return "later"

        self.asynchronous = asyncio.run(later())
        self.partial = functools.partial(max, 3)
        self.p = self.partial(2)
        self.next(self.work, self.other)

    @step
    def work(self):
        def inner():
            self.made_inside = 1
            return self.base

        self.r = inner()
        self.next(self.join)

    @step
    def other(self):
        helper = self.note
        helper("other")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.logs = sorted(each.log for each in inputs)
        self.pairs = [(inputs.work.r, inputs.other.log)]
        self.inside = inputs.work.made_inside
        self.count = len(list(inputs))
        self.merge_artifacts(inputs, exclude=["log"])
        self.next(self.end)

    @step
    def end(self):
        self.last = (self.t, self.tripled, self.made_inside)


if __name__ == "__main__":
    ManyMethods()

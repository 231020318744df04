"""A flow with one of everything that the client shows, as text: tests run it with flowc and with Metaflow."""

SOURCE = """
import sys

from metaflow import FlowSpec, Parameter, catch, current, retry, step


class F(FlowSpec):
    p = Parameter("p", default=3)
    const = 7

    @step
    def start(self):
        print("hello")
        print("err", file=sys.stderr)
        self.items = [1, 2, 3]
        self._private = 5
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.y = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.t = [each.y for each in inputs]
        self.next(self.mid)

    @step
    def mid(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.j2)

    @catch(var="boom")
    @retry(times=1, minutes_between_retries=0)
    @step
    def b(self):
        print("attempt", current.retry_count)
        if self.p == 3:
            raise ValueError("x")
        self.next(self.j2)

    @step
    def j2(self, inputs):
        self.merge_artifacts(inputs)
        if self.p == 9:
            raise ValueError("nine")
        self.next(self.choose)

    @step
    def choose(self):
        self.round = getattr(self, "round", 0) + 1
        self.way = "again" if self.round < 3 else "on"
        self.next({"again": self.choose, "on": self.end}, condition="way")

    @step
    def end(self):
        if self.p == 8:
            raise KeyError("eight")


if __name__ == "__main__":
    F()
"""

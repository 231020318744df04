"""Reads that look as if they come before an assignment, and do not."""
import random

from metaflow import FlowSpec, step


class AlarmUnset(FlowSpec):
    @step
    def start(self):
        self.n = 2
        self.which = "left" if self.n % 2 else "right"
        self.next({"left": self.left, "right": self.right}, condition="which")

    @step
    def left(self):
        self.result = "l"
        self.only_left = 1
        self.next(self.after)

    @step
    def right(self):
        try:
            self.result = self.compute()
        finally:
            self.cleaned = True
        self.next(self.after)

    def compute(self):
        self.via_helper = "h"
        return "r"

    @step
    def after(self):
        self.copied = self.result
        if hasattr(self, "only_left"):
            self.seen = self.only_left
        else:
            self.seen = getattr(self, "only_left", -1)
        try:
            self.tried = self.only_left
        except AttributeError:
            self.tried = "absent"
        for self.each in [1, 2, 3]:
            self.last = self.each
        while True:
            self.looped = 1
            break
        with open(__file__) as f:
            self.opened = f.name[-3:]
        if self.which == "right":
            self.right_only = self.via_helper
        for name in ("x", "y"):
            setattr(self, "dyn_" + name, name)
        self.next(self.loop)

    @step
    def loop(self):
        self.visits = getattr(self, "visits", 0) + 1
        if self.visits == 1:
            self.first = "first"
        self.again = "yes" if self.visits < 3 else "no"
        self.use_first = self.first
        self.next({"yes": self.loop, "no": self.fan}, condition="again")

    @step
    def fan(self):
        self.a_list = []
        self.a_list.extend(range(2))
        self.alias = self.a_list
        self.alias.append(9)
        self.next(self.item, foreach="a_list")

    @step
    def item(self):
        if self.input > 1:
            self.big = self.input
        self.dyn = self.dyn_x
        self.next(self.join)

    @step
    def join(self, inputs):
        self.bigs = [each.big for each in inputs if hasattr(each, "big")]
        self.defaults = [getattr(each, "big", None) for each in inputs]
        self.dyns = [each.dyn for each in inputs]
        self.which = inputs[0].which
        self.visits = next(iter(inputs)).visits
        self.next(self.end)

    @step
    def end(self):
        self.done = self.which, self.visits
        if self.visits > 5:
            print(self.never_set)


if __name__ == "__main__":
    AlarmUnset()

# idiom: a step changes a global of the module, which no other task sees
# expect: compiles
from metaflow import FlowSpec, step

CACHE = {}
COUNTER = 0


class Globals(FlowSpec):
    @step
    def start(self):
        global COUNTER
        COUNTER += 1
        CACHE["a"] = COUNTER
        self.seen = dict(CACHE)
        self.next(self.end)

    @step
    def end(self):
        self.later = COUNTER, dict(CACHE)


if __name__ == "__main__":
    Globals()

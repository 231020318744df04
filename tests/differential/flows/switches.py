# arguments: --kind one
# arguments: --kind true
# arguments: --kind float
# arguments: --kind text
# arguments: --kind other
from metaflow import FlowSpec, Parameter, step


class Switches(FlowSpec):
    kind = Parameter("kind", default="one")

    @step
    def start(self):
        self.choice = {"one": 1, "true": True, "float": 1.0, "text": "1", "other": 2}[self.kind]
        self.next({1: self.number, "1": self.text, 2: self.other}, condition="choice")

    @step
    def number(self):
        self.took = "number"
        self.next(self.end)

    @step
    def text(self):
        self.took = "text"
        self.next(self.end)

    @step
    def other(self):
        self.took = "other"
        self.again = True
        self.next({True: self.number, False: self.end}, condition="again")

    @step
    def end(self):
        self.seen = self.took


if __name__ == "__main__":
    Switches()

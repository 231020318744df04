from metaflow import FlowSpec, Parameter, step

from common.words import GREETING


class Base(FlowSpec):
    who = Parameter("who", default=GREETING)

    @step
    def start(self):
        self.said = self.who.upper()
        self.next(self.work)

    @step
    def end(self):
        self.last = self.result + "!"

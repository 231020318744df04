"""Ways of two switches meet in a step that a run may pass by, once for the whole run and once for each item of a foreach."""

from metaflow import FlowSpec, Parameter, step


class SwitchMeeting(FlowSpec):
    first = Parameter("first", default="on", help="meet, or on to the second switch")
    second = Parameter("second", default="past", help="note, or past the meeting")
    items = Parameter("items", default="on-past", help="the same choices of each item, with commas between the items")

    @step
    def start(self):
        self.trace = ["start"]
        self.next({"meet": self.meet, "on": self.choose}, condition="first")

    @step
    def choose(self):
        self.trace = [*self.trace, "choose"]
        self.next({"note": self.note, "past": self.past}, condition="second")

    @step
    def note(self):
        self.trace = [*self.trace, "note"]
        self.next(self.meet)

    @step
    def meet(self):
        self.trace = [*self.trace, "meet"]
        self.next(self.divide)

    @step
    def past(self):
        self.trace = [*self.trace, "past"]
        self.next(self.divide)

    @step
    def divide(self):
        self.ways = [way.split("-") for way in self.items.split(",")]
        self.next(self.item, foreach="ways")

    @step
    def item(self):
        self.way, self.way_on = self.input[0], self.input[-1]
        self.trace = [*self.trace, "item"]
        self.next({"meet": self.item_meet, "on": self.item_choose}, condition="way")

    @step
    def item_choose(self):
        self.trace = [*self.trace, "item_choose"]
        self.next({"note": self.item_note, "past": self.item_past}, condition="way_on")

    @step
    def item_note(self):
        self.trace = [*self.trace, "item_note"]
        self.next(self.item_meet)

    @step
    def item_meet(self):
        self.trace = [*self.trace, "item_meet"]
        self.next(self.item_done)

    @step
    def item_past(self):
        self.trace = [*self.trace, "item_past"]
        self.next(self.item_done)

    @step
    def item_done(self):
        self.next(self.unite)

    @step
    def unite(self, inputs):
        self.traces = [each.trace for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchMeeting()

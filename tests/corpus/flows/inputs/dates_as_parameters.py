# idiom: a date as text, checked and turned into a range of days
# expect: compiles
# arguments: --until 2024-01-03
from datetime import datetime, timedelta

from metaflow import FlowSpec, Parameter, step

FORMAT = "%Y-%m-%d"


class Days(FlowSpec):
    since = Parameter("since", default="2024-01-01", type=str)
    until = Parameter("until", required=True, type=str)

    @step
    def start(self):
        since, until = (datetime.strptime(text, FORMAT) for text in (self.since, self.until))
        assert since <= until, "since must come first"
        self.days = [(since + timedelta(days=n)).strftime(FORMAT) for n in range((until - since).days + 1)]
        self.next(self.day, foreach="days")

    @step
    def day(self):
        self.weekday = datetime.strptime(self.input, FORMAT).strftime("%w")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.weekdays = [each.weekday for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Days()

"""A base flow beside the flow that is run, steps of both, and one that is replaced."""
from metaflow import FlowSpec, Parameter, card, current, environment, schedule, step
from metaflow.cards import Markdown, Table


class Shared(FlowSpec):
    who = Parameter("who", default="you")
    greeting = "hello"

    @step
    def start(self):
        self.text = f"{self.greeting} {self.who}"
        self.next(self.middle)

    @step
    def middle(self):
        self.text += "?"
        self.next(self.end)

    @step
    def end(self):
        print(self.text)


@schedule(daily=True)
class TwoFlowsInOneFile(Shared):
    greeting = "good day"

    @card(type="blank")
    @environment(vars={"A_VALUE": "1", "OTHER": "x y"})
    @step
    def middle(self):
        import os

        current.card.append(Markdown("# Title"))
        current.card.append(Table([[1, 2]]))
        self.values = os.environ["A_VALUE"], os.environ["OTHER"]
        self.ids = (current.flow_name, current.step_name, current.retry_count, current.is_running_flow, bool(current.run_id), current.pathspec.split("/")[0])
        self.text += "!"
        self.next(self.end)


if __name__ == "__main__":
    TwoFlowsInOneFile()

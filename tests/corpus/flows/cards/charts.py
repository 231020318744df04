# idiom: a Vega chart and code on a card
# expect: compiles
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, PythonCode, VegaChart


def twice(number):
    return 2 * number


class Charts(FlowSpec):
    @card(type="blank")
    @step
    def start(self):
        self.points = [{"x": x, "y": twice(x)} for x in range(3)]
        spec = {"data": {"values": self.points}, "mark": "line", "encoding": {"x": {"field": "x"}, "y": {"field": "y"}}}
        current.card.append(VegaChart(spec))
        current.card.append(PythonCode(twice))
        current.card.append(Markdown("done"))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Charts()

# idiom: two cards of a step, chosen by their ids
# expect: compiles
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class TwoCards(FlowSpec):
    @card(type="blank", id="summary")
    @card(type="blank", id="details", timeout=60)
    @step
    def start(self):
        current.card["summary"].append(Markdown("short"))
        current.card["details"].append(Markdown("long " * 10))
        self.written = 2
        self.next(self.end)

    @card(type="default")
    @step
    def end(self):
        pass


if __name__ == "__main__":
    TwoCards()

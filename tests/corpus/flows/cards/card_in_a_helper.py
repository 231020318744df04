# idiom: a helper builds the card's components, and each task of a foreach has a card
# expect: compiles
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, Table


class Reports(FlowSpec):
    def report(self, title, rows):
        current.card.append(Markdown(f"## {title}"))
        if rows:
            current.card.append(Table([[row] for row in rows]))

    @step
    def start(self):
        self.names = ["a", "b"]
        self.next(self.each, foreach="names")

    @card(type="blank")
    @step
    def each(self):
        self.rows = [self.input] * 2
        self.report(self.input, self.rows)
        self.next(self.join)

    @card(type="blank")
    @step
    def join(self, inputs):
        self.report("all", [each.rows for each in inputs])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Reports()

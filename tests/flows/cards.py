"""Cards of all kinds, read again by a later step."""

from metaflow import FlowSpec, card, current, retry, step
from metaflow.cards import Markdown, MetaflowCard, ProgressBar, get_cards


class Own(MetaflowCard):
    type = "own"

    def render(self, task):
        return f"own {sorted(each.id for each in task)}"


class Cards(FlowSpec):
    @card(type="blank", id="all", options={"title": "T"})
    @card(id="whole")
    @card(type="own")
    @card(type="no_such")
    @step
    def start(self):
        bar = ProgressBar(3, "work")
        current.card["all"].append(bar)
        current.card["whole"].append(Markdown("# hello"))
        for done in range(3):
            bar.update(done + 1)
            current.card["all"].refresh()
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @card(type="blank")
    @retry(times=1)
    @step
    def body(self):
        current.card.append(Markdown(f"item {self.input}, attempt {current.retry_count}"))
        if self.input == 2 and current.retry_count == 0:
            raise ValueError("once")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        found = get_cards(current.run["start"].task)
        self.kinds = [(each.type, each.id, each.attempt) for each in found]
        self.parts = ["<progress" in found[0].get(), "hello" in found[1].get(), found[2].get(), "named no_such not found" in found[3].get()]
        bodies = [get_cards(each) for each in sorted(current.run["body"], key=lambda each: each.index)]
        self.attempts = [[(each.attempt, f"attempt {each.attempt}" in each.get()) for each in cards] for cards in bodies]


if __name__ == "__main__":
    Cards()

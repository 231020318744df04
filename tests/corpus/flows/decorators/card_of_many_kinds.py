# idiom: cards with ids, a time limit and no error if drawing fails
# expect: compiles
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class Kinds(FlowSpec):
    @card(type="blank", id="a", save_errors=False)
    @card(type="default", id="b", timeout=30, options={"only_repr": True})
    @step
    def start(self):
        current.card["a"].append(Markdown("a"))
        self.value = {"deep": [1, {"x": 2}]}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Kinds()

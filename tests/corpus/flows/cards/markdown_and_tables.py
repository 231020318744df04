# idiom: a step shows text, a table and a bar on its card
# expect: compiles
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Artifact, Markdown, ProgressBar, Table


class Shown(FlowSpec):
    @card
    @step
    def start(self):
        self.scores = {"a": 0.5, "b": 0.25}
        current.card.append(Markdown("# Scores"))
        current.card.append(Table([[name, score] for name, score in self.scores.items()], headers=["name", "score"]))
        current.card.extend([Markdown(f"*{len(self.scores)}* models"), Artifact(self.scores, name="scores")])
        bar = ProgressBar(max=2, label="models")
        current.card.append(bar)
        bar.update(2)
        current.card.refresh()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Shown()

# idiom: a class stands in for an experiment tracker that is not installed
# expect: compiles
from metaflow import FlowSpec, current, step


class Tracker:
    def __init__(self, **tags):
        self.tags, self.metrics = tags, {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False

    def log(self, **metrics):
        self.metrics.update(metrics)


try:
    from corpus_missing_tracker import Tracker  # noqa: F811
except ModuleNotFoundError:
    pass


class Tracked(FlowSpec):
    @step
    def start(self):
        with Tracker(step=current.step_name) as run:
            run.log(loss=0.5, accuracy=0.9)
            for epoch in range(2):
                run.log(**{f"epoch_{epoch}": epoch})
        self.metrics = run.metrics
        self.tags = run.tags
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Tracked()

"""Finds the better of two classifiers for scikit-learn's wines, by cross-validation with a task for every fold."""

from statistics import mean

from metaflow import FlowSpec, Parameter, current, resources, retry, schedule, step
from models import MODELS, accuracy, folds_of, samples, tuned


@schedule(daily=True)
class WineFlow(FlowSpec):
    """Compares two classifiers of wines and publishes the better one, or tunes it first if it is not good enough."""

    folds = Parameter("folds", default=3, help="how many parts the data is split into")
    good_enough = Parameter("good-enough", default=0.97, help="publish without tuning from this accuracy on")

    @step
    def start(self):
        """Reads the data, and splits it into folds, the same for each model."""
        self.data, self.target = samples()
        self.parts = folds_of(self.target, self.folds)
        self.models = list(MODELS)
        self.next(self.candidate, foreach="models")

    @step
    def candidate(self):
        """Takes one model, to be trained without each fold."""
        self.model = self.input
        self.next(self.fold, foreach="parts")

    @retry(times=2, minutes_between_retries=0)
    @resources(cpu=1, memory=1000)
    @step
    def fold(self):
        """Trains one model without one fold, and tests it on that fold."""
        self.accuracy = accuracy(self.model, self.data, self.target, self.input)
        self.next(self.average)

    @step
    def average(self, inputs):
        """Joins the folds of one model."""
        self.merge_artifacts(inputs, include=["model", "data", "target"])
        self.accuracies = [each.accuracy for each in inputs]
        self.score = mean(self.accuracies)
        self.next(self.compare)

    @step
    def compare(self, inputs):
        """Joins the models, and picks the best."""
        self.scores = {each.model: round(each.score, 4) for each in inputs}
        self.winner = max(self.scores, key=self.scores.get)
        self.merge_artifacts(inputs, include=["data", "target"])
        self.next(self.decide)

    @step
    def decide(self):
        """Publishes a model that is good enough."""
        self.verdict = "good" if self.scores[self.winner] >= self.good_enough else "poor"
        self.next({"good": self.publish, "poor": self.tune}, condition="verdict")

    @resources(cpu=2, memory=2000)
    @step
    def tune(self):
        """Searches for better settings of the best model."""
        self.settings, self.best_score = tuned(self.winner, self.data, self.target, self.folds)
        self.next(self.end)

    @step
    def publish(self):
        """Takes the best model as it is."""
        self.settings, self.best_score = {}, self.scores[self.winner]
        self.next(self.end)

    @step
    def end(self):
        """Prints the result."""
        result = f"{self.winner} classifies wines with an accuracy of {self.best_score:.3f}"
        self.message = f"{result} (run {current.run_id}, settings {self.settings})"
        print(self.message)


if __name__ == "__main__":
    WineFlow()

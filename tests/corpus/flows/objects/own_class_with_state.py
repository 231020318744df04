# idiom: a model is an object of a class of the file: it is trained in one step and used in the next
# expect: compiles
from metaflow import FlowSpec, step


class MeanModel:
    def __init__(self, smoothing=0.0):
        self.smoothing = smoothing
        self.mean = None

    def fit(self, values):
        self.mean = sum(values) / (len(values) + self.smoothing)
        return self

    def predict(self, count):
        if self.mean is None:
            raise ValueError("not fitted")
        return [self.mean] * count


class Training(FlowSpec):
    @step
    def start(self):
        self.train, self.test = [1.0, 2.0, 3.0], [2.0, 4.0]
        self.next(self.fit)

    @step
    def fit(self):
        self.model = MeanModel(smoothing=1).fit(self.train)
        self.next(self.evaluate)

    @step
    def evaluate(self):
        predicted = self.model.predict(len(self.test))
        self.error = sum(abs(a - b) for a, b in zip(predicted, self.test))
        self.next(self.end)

    @step
    def end(self):
        print(f"error: {self.error:.2f}")


if __name__ == "__main__":
    Training()

# idiom: models register themselves by name, and the flow picks one
# expect: compiles
from metaflow import FlowSpec, Parameter, step

REGISTRY = {}


class Model:
    def __init_subclass__(cls, name=None, **kwargs):
        super().__init_subclass__(**kwargs)
        REGISTRY[name or cls.__name__.lower()] = cls

    def predict(self, row):
        raise NotImplementedError


class Mean(Model):
    def predict(self, row):
        return sum(row) / len(row)


class Largest(Model, name="max"):
    def predict(self, row):
        return max(row)


class Picking(FlowSpec):
    kind = Parameter("kind", default="max")

    @step
    def start(self):
        self.models = {name: kind() for name, kind in REGISTRY.items()}
        self.model = REGISTRY[self.kind]()
        self.next(self.end)

    @step
    def end(self):
        self.predicted = {name: model.predict([1, 3]) for name, model in sorted(self.models.items())}
        self.picked = self.model.predict([5, 2])


if __name__ == "__main__":
    Picking()

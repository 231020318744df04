# idiom: an object of a plain class with the settings
# expect: compiles
from metaflow import FlowSpec, Parameter, resources, step, timeout


class Plan:
    RATES = {"small": 1, "large": 8}

    def __init__(self, size="small"):
        self.size = size
        self.cpu = self.RATES[size]
        self.notes = []
        self.notes.append("made")

    @classmethod
    def large(cls):
        return cls("large")

    @staticmethod
    def minutes(hours):
        return hours * 60

    @property
    def image(self):
        return f"team/{self.size}:{len(self.notes)}"


class Nightly(Plan):
    def __init__(self):
        super().__init__("large")
        self.hours = 3


PLAN = Nightly()


class Planned(FlowSpec):
    image = Parameter("image", default=PLAN.image)
    cpu = Parameter("cpu", default=Plan.large().cpu)

    @timeout(minutes=PLAN.minutes(PLAN.hours))
    @resources(cpu=PLAN.cpu)
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Planned()

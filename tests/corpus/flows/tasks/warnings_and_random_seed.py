# idiom: warnings are turned off and the random numbers have a seed
# expect: compiles
import os
import random
import warnings

from metaflow import FlowSpec, Parameter, step

warnings.filterwarnings("ignore")
warnings.simplefilter(action="ignore", category=FutureWarning)
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


class Seeded(FlowSpec):
    seed = Parameter("seed", default=42)

    @step
    def start(self):
        random.seed(self.seed)
        self.numbers = [random.randint(0, 9) for _ in range(3)]
        self.next(self.end)

    @step
    def end(self):
        generator = random.Random(self.seed)
        self.same = [generator.randint(0, 9) for _ in range(3)] == self.numbers
        warnings.warn("old", DeprecationWarning)


if __name__ == "__main__":
    Seeded()

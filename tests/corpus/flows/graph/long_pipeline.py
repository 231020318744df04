# idiom: extract, validate, transform, load: one step after the other, with prints
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Etl(FlowSpec):
    limit = Parameter("limit", default=2, help="rows to load")

    @step
    def start(self):
        """Begins."""
        print("-" * 20)
        self.next(self.extract)

    @step
    def extract(self):
        """Gets the rows."""
        self.raw = [{"id": n, "price": str(n * 1.5)} for n in range(4)]
        self.next(self.validate)

    @step
    def validate(self):
        """Drops rows without a price."""
        self.valid = [row for row in self.raw if float(row["price"])]
        if not self.valid:
            raise ValueError("nothing to load")
        self.next(self.transform)

    @step
    def transform(self):
        """Makes numbers of the prices."""
        self.clean = [{**row, "price": float(row["price"])} for row in self.valid]
        self.next(self.load)

    @step
    def load(self):
        """Loads."""
        self.loaded = self.clean[: self.limit]
        self.next(self.end)

    @step
    def end(self):
        """Ends."""
        print("loaded", len(self.loaded), "rows", sep=" ")


if __name__ == "__main__":
    Etl()

# idiom: what the steps use is defined below the flow
# expect: compiles
from metaflow import FlowSpec, step


class Early(FlowSpec):
    @step
    def start(self):
        self.loaded = load("x", rows=2)
        self.next(self.end)

    @step
    def end(self):
        self.stored = Store().put(self.loaded)


def load(name, *, rows):
    return [name] * rows


class Store:
    def put(self, rows):
        return {"stored": len(rows)}


if __name__ == "__main__":
    Early()

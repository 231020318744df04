# idiom: `match` on an artifact (Python 3.10)
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Matching(FlowSpec):
    kind = Parameter("kind", default="circle")

    @step
    def start(self):
        self.shape = {"kind": self.kind, "size": 2}
        self.next(self.end)

    @step
    def end(self):
        match self.shape:
            case {"kind": "circle", "size": radius}:
                self.area = 3 * radius**2
            case {"kind": "square", "size": side} if side > 0:
                self.area = side**2
            case _:
                self.area = None


if __name__ == "__main__":
    Matching()

# idiom: a step raises and handles the flow's own exceptions, and keeps one
# expect: compiles
from metaflow import FlowSpec, step
from metaflow.exception import MetaflowException


class EmptyTable(Exception):
    def __init__(self, name, rows=0):
        super().__init__(f"{name} has {rows} rows")
        self.name = name


class BadInput(MetaflowException):
    headline = "Bad input"


class Raising(FlowSpec):
    @step
    def start(self):
        try:
            raise EmptyTable("users")
        except EmptyTable as error:
            self.text = str(error)
            self.kept = error.name
        try:
            raise BadInput("no") from None
        except MetaflowException as error:
            self.headline = error.headline
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Raising()

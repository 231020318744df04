# aside: invalid_next
from metaflow import FlowSpec, catch, retry, step
from metaflow.exception import MetaflowException


class CatchOfMetaflowSOwn(FlowSpec):
    @catch(var="own", print_exception=False)
    @step
    def start(self):
        raise MetaflowException("a message")
        self.next(self.invalid)

    @catch(var="invalid_next", print_exception=False)
    @step
    def invalid(self):
        if self.own:
            self.next(3)
        self.next(self.nested)

    @catch(var="nested_error", print_exception=False)
    @step
    def nested(self):
        try:
            {}["k"]
        except KeyError as error:
            raise RuntimeError("from another") from error
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.own.type, self.own.exception, self.invalid_next.type, self.nested_error.type, "KeyError" in self.nested_error.stacktrace)


if __name__ == "__main__":
    CatchOfMetaflowSOwn()

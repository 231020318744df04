from metaflow import FlowSpec, catch, step


class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")


class CatchingAClassOfTheFlowS(FlowSpec):
    @catch(var="failure", print_exception=False)
    @step
    def start(self):
        raise Refused(7, "no")
        self.next(self.end)

    @step
    def end(self):
        self.told = (self.failure.type, self.failure.exception, bool(self.failure), isinstance(self.failure, Exception))
        self.lines = str(self.failure).strip().splitlines()[-1]
        self.same = repr(self.failure) == str(self.failure) == self.failure.stacktrace


if __name__ == "__main__":
    CatchingAClassOfTheFlowS()

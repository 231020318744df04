from metaflow import FlowSpec, catch, step
from metaflow.exception import MetaflowException


class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")


class CatchingAClassOfTheFlowS(FlowSpec):
    @catch(var="failure", print_exception=False)
    @step
    def start(self):
        raise Refused(7, "no")
        self.next(self.more)

    @catch(var="of_metaflow", print_exception=False)
    @step
    def more(self):
        raise MetaflowException("of Metaflow's own")
        self.next(self.end)

    @step
    def end(self):
        self.of_metaflow_lines = str(self.of_metaflow).strip().splitlines()[-1]
        self.told = (self.failure.type, self.failure.exception, bool(self.failure), isinstance(self.failure, Exception))
        self.lines = str(self.failure).strip().splitlines()[-1]
        self.same = repr(self.failure) == str(self.failure) == self.failure.stacktrace


if __name__ == "__main__":
    CatchingAClassOfTheFlowS()

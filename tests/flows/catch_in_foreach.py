"""One item fails, is tried again, and is caught; the others go on."""

from metaflow import FlowSpec, catch, current, retry, step


class CatchInForeach(FlowSpec):
    @step
    def start(self):
        self.divisors = [1, 0, 2]
        self.next(self.divide, foreach="divisors")

    @catch(var="failure", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def divide(self):
        self.attempt = current.retry_count
        self.quotient = 10 // self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.quotients = [None if each.failure else each.quotient for each in inputs]
        self.failures = [each.failure.type if each.failure else None for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    CatchInForeach()

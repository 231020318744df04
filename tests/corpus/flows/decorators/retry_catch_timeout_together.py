# idiom: three decorators bound and catch one step, over several lines
# expect: compiles
from metaflow import FlowSpec, catch, retry, step, timeout


class Bounded(FlowSpec):
    @catch(
        var="error",
        print_exception=False,
    )
    @retry(
        times=1,
        minutes_between_retries=0,
    )
    @timeout(seconds=60)
    @step
    def start(self):
        self.tried = True
        raise KeyError("always")
        self.next(self.end)

    @step
    def end(self):
        self.failed = self.error is not None


if __name__ == "__main__":
    Bounded()

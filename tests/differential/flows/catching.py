# aside: late, problem
from metaflow import FlowSpec, catch, current, retry, step, timeout


class Own(Exception):
    pass


class Catching(FlowSpec):
    @catch(var="problem", print_exception=False)
    @step
    def start(self):
        self.before = "kept"
        raise Own("at once")
        self.after = "never"
        self.next(self.retried)

    @retry(times=1, minutes_between_retries=0)
    @catch(var="retried_problem", print_exception=False)
    @step
    def retried(self):
        self.attempt = current.retry_count
        self.saw = (self.problem.type.rpartition(".")[2], self.problem.exception, "raise Own" in self.problem.stacktrace)
        self.as_text = "raise Own" in str(self.problem)
        raise KeyError("k")
        self.next(self.good)

    @catch(var="none")
    @step
    def good(self):
        self.fine = True
        self.next(self.nameless)

    @catch(print_exception=False)
    @step
    def nameless(self):
        self.x = 1
        raise RuntimeError("nobody keeps this")
        self.next(self.timed)

    @timeout(seconds=1)
    @catch(var="late", print_exception=False)
    @step
    def timed(self):
        import time

        self.slept = "not long"
        time.sleep(20)
        self.next(self.end)

    @step
    def end(self):
        self.kinds = (self.late.type.rpartition(".")[2], self.none, self.x, self.retried_problem.exception)


if __name__ == "__main__":
    Catching()

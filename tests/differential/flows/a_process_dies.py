# aside: problem
import os

from metaflow import FlowSpec, catch, retry, step


class AProcessDies(FlowSpec):
    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        self.x = 1
        os._exit(3)
        self.next(self.end)

    @step
    def end(self):
        self.kind = self.problem.type.rpartition(".")[2]
        self.has_x = hasattr(self, "x")


if __name__ == "__main__":
    AProcessDies()

import time

from metaflow import FlowSpec, current, retry, step, timeout
from metaflow.exception import MetaflowException


class Timeouts(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=1)
    @step
    def start(self):
        if current.retry_count == 0:
            time.sleep(20)
        self.attempt = current.retry_count
        self.next(self.inside)

    @timeout(seconds=1)
    @step
    def inside(self):
        try:
            time.sleep(20)
        except MetaflowException as error:
            self.caught = type(error).__name__
        self.next(self.end)

    @timeout(hours=1, minutes=1)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Timeouts()

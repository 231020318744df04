# fails: both attempts do
from metaflow import FlowSpec, current, retry, step


class RetriesRunOut(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @retry(times=1, minutes_between_retries=0)
    @step
    def end(self):
        raise ValueError(current.retry_count)


if __name__ == "__main__":
    RetriesRunOut()

# idiom: `@retry`, and a step that fails at its first attempt
# expect: compiles
from metaflow import FlowSpec, current, retry, step


class Again(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count == 0:
            raise OSError("not yet")
        self.attempt = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Again()

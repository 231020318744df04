from metaflow import FlowSpec, current, retry, step


class Retries(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.partial = getattr(self, "partial", 0) + 1
        if current.retry_count < 2:
            raise ValueError(current.retry_count)
        self.attempt = current.retry_count
        self.next(self.end)

    @retry(times=0)
    @step
    def end(self):
        self.attempt_here = current.retry_count


if __name__ == "__main__":
    Retries()

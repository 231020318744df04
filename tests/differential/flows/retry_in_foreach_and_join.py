from metaflow import FlowSpec, current, retry, step


class RetryInForeachAndJoin(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        self.xs = [1, 2]
        if not current.retry_count:
            raise ValueError("before the split")
        self.next(self.body, foreach="xs")

    @retry(times=2, minutes_between_retries=0)
    @step
    def body(self):
        if current.retry_count < self.input:
            raise ValueError(self.input)
        self.attempt = current.retry_count
        self.next(self.join)

    @retry(times=1, minutes_between_retries=0)
    @step
    def join(self, inputs):
        if not current.retry_count:
            raise ValueError("in the join")
        self.attempts = [each.attempt for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RetryInForeachAndJoin()

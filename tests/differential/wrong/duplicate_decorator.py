from metaflow import FlowSpec, retry, step


class F(FlowSpec):
    @retry
    @retry(times=1)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()

from metaflow import FlowSpec, retry, step


class F(FlowSpec):
    @retry(attempts=3)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()

from metaflow import FlowSpec, retry, step


class Hello(FlowSpec):
    @step
    def start(self):
        self.names = ["Ada", "Grace"]
        self.next(self.end)

    @retry(times=2)
    @step
    def end(self):
        print("Hello", *self.names)


if __name__ == "__main__":
    Hello()

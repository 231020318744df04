from metaflow import FlowSpec, step


class Hello(FlowSpec):
    @step
    def start(self):
        self.names = ["Ada", "Grace"]
        self.next(self.greet, foreach="names")

    @step
    def greet(self):
        self.greeting = f"Hello {self.input}!"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.greetings = [each.greeting for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(*self.greetings)


if __name__ == "__main__":
    Hello()

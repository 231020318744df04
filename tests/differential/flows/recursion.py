from metaflow import FlowSpec, step


class Recursion(FlowSpec):
    @step
    def start(self):
        self.n, self.trace = 0, []
        self.next(self.loop)

    @step
    def loop(self):
        self.n += 1
        self.trace.append(self.n)
        self.more = self.n < 4
        self.next({True: self.loop, False: self.after}, condition="more")

    @step
    def after(self):
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.trace)


if __name__ == "__main__":
    Recursion()

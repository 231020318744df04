from lib_decorators import skipped

from metaflow import FlowSpec, step


class UserDecoratorsChangeNext(FlowSpec):
    @step
    def start(self):
        self.few, self.many = [1], [1, 2, 3]
        self.next(self.choose)

    @skipped(how={"foreach": "many"})
    @step
    def choose(self):
        self.next(self.body, foreach="few")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.count = len(list(inputs))
        self.few = inputs[0].few
        self.next(self.again)

    @skipped
    @step
    def again(self):
        self.few = [1, 2]
        self.next(self.body_again, foreach="few")

    @step
    def body_again(self):
        self.next(self.join_again)

    @step
    def join_again(self, inputs):
        self.count = len(list(inputs))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UserDecoratorsChangeNext()

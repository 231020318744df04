# fails: it yields twice
from metaflow import FlowSpec, step, user_step_decorator


@user_step_decorator
def own(step_name, flow, inputs):
    yield
    yield


class UserDecoratorYieldsTwice(FlowSpec):
    @own
    @step
    def start(self):
        self.ran = True
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UserDecoratorYieldsTwice()

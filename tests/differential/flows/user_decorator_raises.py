# fails: it raises
from metaflow import FlowSpec, step, user_step_decorator


@user_step_decorator
def own(step_name, flow, inputs):
    yield
    raise ValueError(1)


class UserDecoratorRaises(FlowSpec):
    @own
    @step
    def start(self):
        self.ran = True
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UserDecoratorRaises()

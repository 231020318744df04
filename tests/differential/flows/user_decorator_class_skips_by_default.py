# fails: nobody calls next
from metaflow import FlowSpec, UserStepDecorator, step


class Skip(UserStepDecorator):
    """Has no `post_step`: the one of the base says that `next` has been called."""

    def pre_step(self, step_name, flow, inputs=None):
        self.skip_step = True


class UserDecoratorClassSkipsByDefault(FlowSpec):
    @Skip
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UserDecoratorClassSkipsByDefault()

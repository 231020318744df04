from metaflow import FlowSpec, UserStepDecorator, step


class Skip(UserStepDecorator):
    def pre_step(self, step_name, flow, inputs=None):
        flow.seen = step_name
        self.skip_step = True

    def post_step(self, step_name, flow, exception=None):
        return None, {}


class Forgive(UserStepDecorator):
    def post_step(self, step_name, flow, exception=None):
        flow.forgiven = str(exception)
        return None, None


class UserDecoratorClassSkips(FlowSpec):
    @Skip
    @step
    def start(self):
        self.ran = True
        self.next(self.middle)

    @Forgive
    @step
    def middle(self):
        raise ValueError("forgiven")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UserDecoratorClassSkips()

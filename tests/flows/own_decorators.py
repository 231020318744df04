"""Step decorators of the user's own: around a step, in its place, and with another `next`."""

from metaflow import USER_SKIP_STEP, FlowSpec, UserStepDecorator, step, user_step_decorator


@user_step_decorator
def noted(step_name, flow, inputs, attributes):
    flow.notes = [*getattr(flow, "notes", []), f"before {step_name} {attributes['label']}"]
    yield
    flow.notes.append(f"after {step_name}")


@user_step_decorator
def left_out(step_name, flow, inputs):
    flow.left_out = step_name
    yield USER_SKIP_STEP


@user_step_decorator
def over_more(step_name, flow, inputs):
    flow.many = [10, 20, 30]
    yield {"foreach": "many"}


class Forgiving(UserStepDecorator):
    def init(self, kinds):
        self.kinds = kinds

    def post_step(self, step_name, flow, exception=None):
        flow.forgiven = type(exception).__name__ if exception else None
        return None if flow.forgiven in self.kinds else exception


class OwnDecorators(FlowSpec):
    @noted(label="first")
    @step
    def start(self):
        self.next(self.skipped)

    @left_out
    @step
    def skipped(self):
        self.ran = True
        self.next(self.spread)

    @over_more
    @step
    def spread(self):
        self.few = [1]
        self.next(self.body, foreach="few")

    @Forgiving(kinds=["ZeroDivisionError"])
    @step
    def body(self):
        self.share = 600 // (self.input - 20)
        self.next(self.join)

    @noted(label="joined")
    @step
    def join(self, inputs):
        self.shares = [getattr(each, "share", None) for each in inputs]
        self.forgiven = [each.forgiven for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.has_ran = hasattr(self, "ran")


if __name__ == "__main__":
    OwnDecorators()

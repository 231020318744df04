"""Step decorators of the flows' own."""

from metaflow import USER_SKIP_STEP, UserStepDecorator, user_step_decorator


@user_step_decorator
def traced(step_name, flow, inputs):
    flow.before = (*getattr(flow, "before", ()), step_name)
    yield
    flow.after = (*getattr(flow, "after", ()), step_name)


@user_step_decorator
def tagged(step_name, flow, inputs, attributes):
    flow.tags_seen = (*getattr(flow, "tags_seen", ()), sorted(attributes.items()))
    yield


@user_step_decorator
def skipped(step_name, flow, inputs, attributes):
    flow.skipped = step_name
    yield attributes.get("how", USER_SKIP_STEP)


@user_step_decorator
def replaced(step_name, flow, inputs, attributes):
    def instead(flow, inputs=None):
        flow.instead = (step_name, None if inputs is None else [each.x for each in inputs])
        return attributes.get("returns", True)

    yield instead


@user_step_decorator
def forgiving(step_name, flow, inputs):
    try:
        yield
    except ValueError as error:
        flow.forgiven = str(error)


class Counted(UserStepDecorator):
    def init(self, start=0, **more):
        self.start = start

    def pre_step(self, step_name, flow, inputs=None):
        flow.count = self.start
        flow.joining = inputs is not None

    def post_step(self, step_name, flow, exception=None):
        flow.count += 1
        flow.failed_with = str(exception)
        return None

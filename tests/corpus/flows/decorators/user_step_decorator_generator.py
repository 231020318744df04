# idiom: a generator of the user's own around a step
# expect: compiles
from metaflow import FlowSpec, step, user_step_decorator


@user_step_decorator
def noted(step_name, flow, inputs=None, attributes=None):
    flow.before = step_name
    yield
    flow.after = [*flow.words, (attributes or {}).get("mark", "-")]


class Noted(FlowSpec):
    @noted(mark="!")
    @step
    def start(self):
        self.words = ["a", self.before]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Noted()

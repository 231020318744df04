import os

from metaflow import Config, FlowMutator, FlowSpec, Parameter, StepMutator, current, environment, retry, step, user_step_decorator


@user_step_decorator
def mark(step_name, flow, inputs=None, attributes=None):
    flow.marks = [*getattr(flow, "marks", []), step_name + str(attributes["n"])]
    yield


class Guard(StepMutator):
    def mutate(self, mutable_step):
        mutable_step.remove_decorator("retry")
        mutable_step.add_decorator("catch:var=oops,print_exception=False")


class Added(FlowMutator):
    def init(self, tag="none"):
        self.tag = tag

    def pre_mutate(self, mutable_flow):
        for _, each in mutable_flow.steps:
            each.add_decorator(environment, deco_kwargs={"vars": {"TAG": self.tag}})


class Setup(FlowMutator):
    def pre_mutate(self, mutable_flow):
        for name, value in mutable_flow.settings.items():
            mutable_flow.add_parameter(name, Parameter(name, default=value))
        mutable_flow.remove_parameter("gone")
        for name, each in mutable_flow.steps:
            each.add_decorator(mark, deco_kwargs={"n": len(name)})
        mutable_flow.add_decorator("Added:tag=by text")

    def mutate(self, mutable_flow):
        mutable_flow.end.add_decorator(retry, deco_kwargs={"times": 1, "minutes_between_retries": 0})


@Setup
class Mutators(FlowSpec):
    settings = Config("settings", default_value={"rate": 0.5, "rounds": 3})
    gone = Parameter("gone", default=1)
    kept = Parameter("kept", default="k")

    @Guard
    @retry(times=3)
    @step
    def start(self):
        self.given = (self.rate, self.rounds, self.kept, hasattr(self, "gone"), os.environ["TAG"], current.retry_count)
        raise ValueError("once")
        self.next(self.end)

    @step
    def end(self):
        self.tries = current.retry_count
        if current.retry_count == 0:
            raise ValueError("again")
        self.told = self.oops.exception


if __name__ == "__main__":
    Mutators()

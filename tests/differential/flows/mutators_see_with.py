# arguments: --with 'environment:vars={"W":"cli"}' --with retry:times=0
import os

from metaflow import FlowMutator, FlowSpec, StepMutator, step, user_step_decorator


@user_step_decorator
def note(step_name, flow, inputs, attributes):
    flow.noted = attributes["names"]
    yield


class change(StepMutator):
    def pre_mutate(self, mutable_step):
        for _, _, _, attributes in mutable_step.get_decorator_specs("environment"):
            raise AssertionError("--with is attached after pre_mutate")

    def mutate(self, mutable_step):
        for _, _, _, attributes in mutable_step.get_decorator_specs("environment"):
            changed = {"vars": {"W": attributes["vars"]["W"] + ", changed"}}
            mutable_step.add_decorator("environment", deco_kwargs=changed, duplicates=mutable_step.OVERRIDE)


class list_them(FlowMutator):
    def mutate(self, mutable_flow):
        for name, each in mutable_flow.steps:
            names = ",".join(spec[0] for spec in each.decorator_specs if spec[0] == "retry")
            each.add_decorator(note, deco_kwargs={"names": names})


@list_them
class MutatorsSeeWith(FlowSpec):
    @change
    @step
    def start(self):
        self.w = os.environ.get("W")
        self.next(self.middle)

    @step
    def middle(self):
        self.w = os.environ.get("W")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MutatorsSeeWith()

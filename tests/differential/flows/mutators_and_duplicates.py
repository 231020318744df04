from metaflow import FlowMutator, FlowSpec, environment, project, step
from metaflow.exception import MetaflowException

SEEN = []


class Twice(FlowMutator):
    def pre_mutate(self, mutable_flow):
        for deco in (environment, "environment:vars={}"):
            try:
                mutable_flow.start.add_decorator(deco, duplicates=mutable_flow.start.ERROR)
                SEEN.append("no error")
            except MetaflowException as error:
                SEEN.append((type(error).__name__, error.headline, str(error)))
        try:
            mutable_flow.add_decorator(project, deco_kwargs={"name": "other"}, duplicates=mutable_flow.ERROR)
            SEEN.append("no error")
        except MetaflowException as error:
            SEEN.append((type(error).__name__, error.headline, str(error)))


@Twice
@project(name="mine")
class MutatorsAndDuplicates(FlowSpec):
    @environment(vars={"A": "1"})
    @step
    def start(self):
        self.seen = list(SEEN)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MutatorsAndDuplicates()

"""`__init__` of a mixin and of a base class, without `use_cli`, with mutators (for which Metaflow makes the flow with use_cli=False)."""

from metaflow import FlowMutator, FlowSpec, step


class Mixin:
    def __init__(self, *args, **options):
        self.of_mixin = 1
        super().__init__(*args, **options)
        self.after_in_mixin = 2


class nothing(FlowMutator):
    def mutate(self, mutable_flow):
        pass


class Base(FlowSpec):
    def __init__(self, use_cli=True):
        self.use = use_cli
        super().__init__(use_cli=use_cli)
        self.after_in_base = 3


@nothing
class OwnInitInherited(Mixin, Base):
    @step
    def start(self):
        self.names = sorted(name for name in self.__dict__ if name[0] != "_")
        self.use = "changed"
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.uses = [each.use for each in inputs]
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.last = self.use, self.names


if __name__ == "__main__":
    OwnInitInherited()

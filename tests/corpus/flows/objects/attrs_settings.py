# idiom: settings in a class of attrs
# expect: compiles
# metaflow: attrs is not installed here
# leaves: zone = "a/b"
import attrs

from metaflow import FlowSpec, Parameter, resources, step


@attrs.frozen
class Machine:
    cpu: int = 2
    zones: list = attrs.field(factory=lambda: ["a", "b"])


MACHINE = attrs.evolve(Machine(), cpu=4)


class WithAttrs(FlowSpec):
    zone = Parameter("zone", default="/".join(MACHINE.zones))

    @resources(cpu=MACHINE.cpu)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithAttrs()

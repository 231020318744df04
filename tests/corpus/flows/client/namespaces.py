# idiom: steps look outside their namespace
# expect: compiles
from metaflow import FlowSpec, Metaflow, default_namespace, get_namespace, namespace, step


class Spaces(FlowSpec):
    @step
    def start(self):
        before = get_namespace()
        namespace(None)
        self.global_space = get_namespace()
        self.flows = [flow.id for flow in Metaflow() if flow.id == "Spaces"]
        default_namespace()
        self.same = get_namespace() == before
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Spaces()

# idiom: a default is computed when the flow is deployed or run
# expect: compiles
from metaflow import FlowSpec, JSONType, Parameter, step


def default_name(context):
    return context.flow_name + "-" + context.parameter_name


class Computed(FlowSpec):
    label = Parameter("label", default=default_name, type=str)
    table = Parameter("table", default=lambda context: '{"a": 1}', type=JSONType)

    @step
    def start(self):
        self.length = len(self.label) + self.table["a"]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Computed()

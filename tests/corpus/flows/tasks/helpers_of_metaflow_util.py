# idiom: a team's logger asks Metaflow's helpers who runs the flow
# expect: compiles
from metaflow import FlowSpec, step
from metaflow.util import get_username, is_stringish, to_bytes, to_camelcase, to_unicode


class Helpers(FlowSpec):
    @step
    def start(self):
        self.user = get_username()
        self.text = to_unicode(to_bytes("é"))
        self.next(self.end)

    @step
    def end(self):
        self.keys = to_camelcase({"learning_rate": [{"max_depth": 1}]})
        self.checks = [is_stringish("x"), is_stringish(b"x"), is_stringish(1)]


if __name__ == "__main__":
    Helpers()

# idiom: the class is defined in a `try`, with a helper that depends on an import
# expect: compiles
from metaflow import FlowSpec, step

try:
    import corpus_fast_json as json
except ImportError:
    import json


class Fallback(FlowSpec):
    @step
    def start(self):
        self.text = json.dumps({"a": 1})
        self.next(self.end)

    @step
    def end(self):
        self.module = json.__name__


if __name__ == "__main__":
    Fallback()

# idiom: a `Config` whose default is text, and one that may be missing
# expect: compiles
from metaflow import Config, FlowSpec, step


class Texts(FlowSpec):
    config = Config("config", default_value='{"rows": 3}')
    extra = Config("extra", required=False)

    @step
    def start(self):
        self.rows = self.config.rows
        self.has_extra = bool(self.extra)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Texts()

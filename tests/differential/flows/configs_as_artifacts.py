from metaflow import Config, FlowSpec, Parameter, config_expr, step


def words(text):
    return text.split()


class ConfigsAsArtifacts(FlowSpec):
    settings = Config("settings", default_value={"size": 3, "labels": {"env": "prod"}, "steps": [{"x": 1}, 2]})
    dashed = Config("with-dash", default_value='{"a": [1, 2]}')
    plain = Config("plain", default_value="one two", parser=words, plain=True)
    nothing = Config("nothing")
    size = Parameter("size", default=config_expr("settings.size * 2"))

    @step
    def start(self):
        self.part = self.settings.labels
        self.read = (self.settings.size, self.settings["labels"].env, self.settings.steps[0].x, self.dashed.a, self.plain, self.nothing)
        self.kinds = [type(each).__name__ for each in (self.settings, self.settings.labels, self.settings.to_dict(), self.plain)]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.of_inputs = [(each.settings.size, type(each.settings).__name__) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        try:
            self.settings.size = 4
        except TypeError as error:
            self.refused = type(error).__name__


if __name__ == "__main__":
    ConfigsAsArtifacts()

"""Configs: a file beside the flow, a value, a parser, a plain text; in decorators, a parameter, an expression and the cases of a switch."""

from metaflow import Config, FlowSpec, Parameter, config_expr, environment, resources, retry, step, yaml_parser


def pairs(text):
    """One `key: value` a line."""
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            key, value = line.split(":")
            found[key.strip()] = value.strip()
    return found


class Configs(FlowSpec):
    settings = Config("settings", default="configs.json", help="what is beside the flow")
    limits = Config("limits", default_value={"retry": {"times": 1, "minutes_between_retries": 0}})
    colours = Config("colours", default_value={"first": "red", "second": "blue"})
    parsed = Config("parsed", default_value="# of the model\nname: small\nlayers: 3\n", parser=pairs)
    listed = Config("listed", default_value="[1, {a: b}]", parser=yaml_parser, plain=True)
    text = Config("text", default_value="as it is", plain=True)
    nothing = Config("nothing")

    alpha = Parameter("alpha", default=settings.alpha, type=float)

    @retry(**limits.retry)
    @resources(memory=settings["memory"])
    @environment(vars={"NAME": parsed.name, "LAYERS": config_expr("int(parsed.layers) + 1")})
    @step
    def start(self):
        import os

        self.variables = [os.environ["NAME"], os.environ["LAYERS"]]
        self.kinds = [type(each).__name__ for each in (self.settings, self.settings.deep, self.listed, self.text, self.nothing)]
        self.value = self.settings.deep.value + self.settings["deep"]["value"]
        self.deep = self.settings.deep
        try:
            self.settings.deep.value = 5
        except TypeError as error:
            self.refused = str(error)
        self.colour = self.settings.colour
        self.next({self.colours.first: self.red, self.colours.second: self.blue}, condition="colour")

    @step
    def red(self):
        self.went = "red"
        self.next(self.end)

    @step
    def blue(self):
        self.went = "blue"
        self.next(self.end)

    @step
    def end(self):
        self.same = self.deep == self.settings.deep == {"value": 20}
        self.keys = sorted(self.settings.to_dict())


if __name__ == "__main__":
    Configs()

# arguments: --a 5 --b given --h 7 --i 8
# arguments:
import functools
import os

from metaflow import Config, FlowSpec, IncludeFile, JSONType, Parameter, current, step

COMMON = dict(default=3, type=int)
number = functools.partial(Parameter, **COMMON)
SHARED = Parameter("shared", default="s")


def text(name, default="x", **more):
    return Parameter(name, default=default, help=f"the {name}")


def settings(name, value):
    return Config(name, default_value=value)


def today(context):
    return "day of " + context.flow_name


class Base(FlowSpec):
    kept = number("kept")


class ParametersMadeElsewhere(Base):
    cfg = settings("cfg", {"n": 4, "names": ["p", "q"]})
    a = number("a")
    b = text("b")
    c = SHARED
    d, e = Parameter("d", default=[1, 2], type=JSONType), text("e", default="y")
    f = Parameter("f", **COMMON)
    g = Parameter("g", default=cfg.n) if len("x") else None
    if os.sep == "?":
        h = Parameter("h", default="no")
    else:
        h = Parameter("h", default=1)
    if False:
        never = Parameter("never", default=1)
    j = Parameter(**dict(name="j", default=today))
    k = {"one": Parameter("k", default=1.5)}["one"]

    @step
    def start(self):
        self.seen = [self.a, self.b, self.c, self.d, self.e, self.f, self.g, self.h, self.i, self.j, self.k, self.kept]
        self.names = current.parameter_names
        self.of_cfg = (self.cfg.n, list(self.cfg.names))
        self.next(self.end)

    @step
    def end(self):
        self.again = [self.a, self.i]


ParametersMadeElsewhere.i = Parameter("i", default=2)


if __name__ == "__main__":
    ParametersMadeElsewhere()

# idiom: a config's parts in an expression
# expect: compiles
from metaflow import Config, FlowSpec, Parameter, config_expr, environment, step


class Parted(FlowSpec):
    cfg = Config("cfg", default_value={"a": {"x": 1, "y": 2}, "b": {"z": 3}, "rows": [1, 2, 3]})
    pairs = Parameter("pairs", default=config_expr("','.join(f'{k}={v}' for k, v in {**cfg.a, **cfg.b}.items())"))
    size = Parameter("size", default=config_expr("len(cfg.rows[1:] + [4])"), type=int)
    other = Parameter("other", default=config_expr("cfg.a.get('q', 'none')"))

    @environment(vars=config_expr("{key.upper(): str(value) for key, value in cfg.a.items()}"))
    @step
    def start(self):
        import os

        self.x = os.environ["X"]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Parted()

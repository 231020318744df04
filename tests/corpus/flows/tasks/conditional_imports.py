# idiom: a package that may be missing, by `try`, by `find_spec`, and by the Python version
# expect: compiles
import importlib.util
import sys

from metaflow import FlowSpec, step

try:
    import corpus_missing_wandb as wandb
except ImportError:  # pragma: no cover
    wandb = None

HAS_TORCH = importlib.util.find_spec("corpus_missing_torch") is not None

if sys.version_info >= (3, 8):
    from functools import singledispatch
else:
    singledispatch = None

if HAS_TORCH:
    import corpus_missing_torch as torch


class Optional(FlowSpec):
    @step
    def start(self):
        self.tracked = wandb is not None
        if HAS_TORCH:
            self.device = torch.device()
        else:
            self.device = "cpu"
        self.next(self.end)

    @step
    def end(self):
        self.has_dispatch = callable(singledispatch)


if __name__ == "__main__":
    Optional()

# idiom: the flow has an `__init__` that sets up a logger and calls FlowSpec's
# expect: compiles
import logging

from metaflow import FlowSpec, step


class Inited(FlowSpec):
    def __init__(self, use_cli=True):
        self._log = logging.getLogger("flow")
        self._log.setLevel(logging.WARNING)
        super().__init__(use_cli=use_cli)

    @step
    def start(self):
        self.level = self._log.level
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Inited()

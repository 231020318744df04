# idiom: a function sets up the logger once, and each step has a child of it
# expect: compiles
import logging
import sys

from metaflow import FlowSpec, current, step


def get_logger(name, level=logging.INFO):
    logger = logging.getLogger(name)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(name)s %(levelname)s: %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
    logger.setLevel(level)
    return logger


log = get_logger("corpus")


class Logged(FlowSpec):
    @step
    def start(self):
        log.info("run %s", current.run_id)
        child = log.getChild(current.step_name)
        child.error("not an error")
        self.handlers = len(log.handlers)
        self.next(self.end)

    @step
    def end(self):
        get_logger("corpus").info("done")


if __name__ == "__main__":
    Logged()

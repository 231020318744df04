# idiom: Metaflow is imported after logging is set up and the search path is changed
# expect: compiles
import logging
import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logger = logging.getLogger(__name__)

from metaflow import FlowSpec, step  # noqa: E402


class Logging(FlowSpec):
    @step
    def start(self):
        logger.info("in %s", "start")
        logging.getLogger("other").warning("careful")
        self.level = logger.getEffectiveLevel()
        self.next(self.end)

    @step
    def end(self):
        logger.debug("not seen")


if __name__ == "__main__":
    Logging()

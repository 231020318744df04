# idiom: an alarm bounds a part of a step
# expect: compiles
import signal
import time
from contextlib import contextmanager

from metaflow import FlowSpec, step


class TooSlow(Exception):
    pass


@contextmanager
def limit(seconds):
    def ring(signum, frame):
        raise TooSlow(seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Limited(FlowSpec):
    @step
    def start(self):
        try:
            with limit(0.05):
                time.sleep(5)
            self.result = "finished"
        except TooSlow:
            self.result = "too slow"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Limited()

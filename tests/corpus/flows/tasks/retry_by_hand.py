# idiom: a loop with pauses tries again what fails
# expect: compiles
import time

from metaflow import FlowSpec, step


def flaky(attempt):
    if attempt < 2:
        raise ConnectionError(attempt)
    return attempt


class ByHand(FlowSpec):
    @step
    def start(self):
        for attempt in range(5):
            try:
                self.answer = flaky(attempt)
                break
            except ConnectionError as error:
                time.sleep(0.001 * 2**attempt)
                self.last_error = repr(error)
        else:
            raise RuntimeError("never answered")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ByHand()

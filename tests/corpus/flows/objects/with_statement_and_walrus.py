# idiom: artifacts are bound in `with`, `for`, `try` and by a walrus beside them
# expect: compiles
import tempfile
from contextlib import contextmanager, suppress

from metaflow import FlowSpec, step


@contextmanager
def counted(log):
    log.append("in")
    yield len(log)
    log.append("out")


class Bound(FlowSpec):
    @step
    def start(self):
        self.log = []
        with counted(self.log) as self.depth:
            pass
        for self.last in range(3):
            if (half := self.last // 2) > 0:
                self.half = half
        with suppress(ZeroDivisionError):
            self.never = 1 / 0
        try:
            self.number = int("x")
        except ValueError:
            self.number = -1
        finally:
            self.tried = True
        with tempfile.TemporaryFile("w+") as file:
            file.write("text")
            file.seek(0)
            self.content = file.read()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Bound()

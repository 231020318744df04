# fails: a lock cannot be saved
import threading

from metaflow import FlowSpec, step


class Unpicklable(FlowSpec):
    @step
    def start(self):
        self.lock = threading.Lock()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Unpicklable()

# idiom: the module asks a host when it is imported, and goes on without an answer
# expect: compiles
import socket
import urllib.request

from metaflow import FlowSpec, step


def version():
    try:
        with urllib.request.urlopen("http://127.0.0.1:9/version", timeout=0.2) as answer:
            return answer.read().decode()
    except (OSError, socket.timeout):
        return "unknown"


VERSION = version()


class Asking(FlowSpec):
    @step
    def start(self):
        self.version = VERSION
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Asking()

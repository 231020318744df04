# idiom: the first step prints where it runs
# expect: compiles
import getpass
import os
import platform
import socket
import sys

from metaflow import FlowSpec, step


class Where(FlowSpec):
    @step
    def start(self):
        print("host", socket.gethostname(), "user", getpass.getuser() if os.environ.get("USER") else "?")
        print("python", sys.version.split()[0], platform.machine(), os.getcwd(), sys.executable, sep="\n")
        self.implementation = platform.python_implementation()
        self.next(self.end)

    @step
    def end(self):
        self.argv_is_a_list = isinstance(sys.argv, list)


if __name__ == "__main__":
    Where()

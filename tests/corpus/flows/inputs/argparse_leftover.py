# idiom: an argument parser from the time when the flow was a script; nothing calls it
# expect: compiles
import argparse
import sys

from metaflow import FlowSpec, Parameter, step


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args(argv)


def main(args):
    print(args.epochs, file=sys.stderr)


class Leftover(FlowSpec):
    epochs = Parameter("epochs", default=10)

    @step
    def start(self):
        args = parse_args(["--epochs", str(self.epochs)])
        self.parsed = vars(args)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    # main(parse_args())
    Leftover()

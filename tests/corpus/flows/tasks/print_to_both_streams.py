# idiom: steps print lines without an end, to both streams, and flush
# expect: compiles
import sys

from metaflow import FlowSpec, step


class Streams(FlowSpec):
    @step
    def start(self):
        for number in range(3):
            print(number, end=" ", flush=True)
        print()
        sys.stdout.write("written\n")
        print("an error", file=sys.stderr)
        sys.stderr.flush()
        self.encoding = sys.stdout.encoding is not None
        self.next(self.end)

    @step
    def end(self):
        from pprint import pprint

        pprint({"a": list(range(3))})


if __name__ == "__main__":
    Streams()

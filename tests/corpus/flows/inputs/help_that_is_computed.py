# idiom: the help of a parameter is put together by functions
# expect: compiles
import textwrap
from datetime import datetime

from metaflow import FlowSpec, Parameter, step

CHOICES = ["a", "b"]


class Helpful(FlowSpec):
    """Takes
    one of some choices."""

    which = Parameter("which", default="a", help="One of: %s" % ", ".join(sorted(CHOICES)))
    date = Parameter("date", default="2024-01-01", help=f"A date, such as {datetime.now():%Y-%m-%d}")
    note = Parameter(
        "note",
        default="",
        help=textwrap.dedent(
            """
            Several
            lines.
            """
        ),
    )

    @step
    def start(self):
        self.known = self.which in CHOICES
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Helpful()

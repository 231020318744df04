# idiom: dates, decimals, fractions, UUIDs and paths as artifacts
# expect: compiles
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

from metaflow import FlowSpec, step


class Values(FlowSpec):
    @step
    def start(self):
        self.day = date(2024, 2, 28) + timedelta(days=2)
        self.moment = datetime(2024, 1, 1, tzinfo=timezone.utc)
        self.price = Decimal("1.10") * 3
        self.share = Fraction(1, 3)
        self.key = uuid.uuid5(uuid.NAMESPACE_DNS, "example.org")
        self.path = PurePosixPath("a") / "b"
        self.next(self.end)

    @step
    def end(self):
        self.week = [self.day - timedelta(days=back) for back in range(3)]
        self.text = self.moment.isoformat()


if __name__ == "__main__":
    Values()

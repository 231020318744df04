"""Helpers of the flows in this folder."""

COLUMNS = ["name", "age"]
VERSION = "1.2"
DEFAULTS = {"cpu": 1, "memory": 300}
__all__ = ["COLUMNS", "clean", "Cleaner", "DEFAULTS"]


def clean(rows):
    return [row.strip() for row in rows]


class Cleaner:
    def __init__(self, case="lower"):
        self.case = case

    def __call__(self, rows):
        return [getattr(row, self.case)() for row in clean(rows)]

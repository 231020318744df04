"""What the shim itself reports, as against exceptions of the user's code."""

from __future__ import annotations


class ShimError(Exception):
    """The shim could not do its work: `str` is one line for the person who reads the task's log. Exit code 3."""


class UsageError(ShimError):
    """The shim was called wrongly. Exit code 2."""


class DamagedError(ShimError):
    """Something in the datastore is missing, or not what was written: `flowc resume` makes it again."""


class StoreError(ShimError):
    """The datastore could not be reached, or refused."""

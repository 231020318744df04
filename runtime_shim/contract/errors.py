"""The errors that the shim itself reports, as opposed to exceptions of the user's code."""

from __future__ import annotations


class ShimError(Exception):
    """The shim could not do its work. `str` is one line for the person who reads the task's log. Exit code 3."""


class UsageError(ShimError):
    """The shim was started with invalid arguments or settings. Exit code 2."""


class DamagedError(ShimError):
    """Something in the datastore is missing, or differs from what was written. `flowc resume` computes it again."""


class StoreError(ShimError):
    """The datastore could not be reached, or refused a request."""

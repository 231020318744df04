"""Numbers of environments as people read them."""

from __future__ import annotations


def size(count: float) -> str:
    """Returns a number of bytes as text.

    >>> size(10963), size(48_500_000), size(3_020_000_000)
    ('11 kB', '48.5 MB', '3.0 GB')
    """
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB" if count >= 1e3 else f"{count:.0f} B"


def packages(count: int) -> str:
    """Returns a number of packages as text.

    >>> packages(1), packages(37)
    ('1 package', '37 packages')
    """
    return f"{count} package{'' if count == 1 else 's'}"

"""`metaflow.metaflow_version`: the release of Metaflow whose language flowc implements, for flows that print it."""

from __future__ import annotations

RELEASE = "2.19.39"  # whose behaviour was measured


def get_version(public: bool = False) -> str:
    """Returns the release of Metaflow whose language flowc implements.

    Unless `public`, flowc's own version follows it.
    """
    if public:
        return RELEASE
    from ..contract.version import VERSION

    return f"{RELEASE}+flowc{VERSION}"

"""The same flow with packages of its own: locked in `locked.lock`, and there when a task starts."""

from flow import WineFlow
from metaflow import pypi_base


@pypi_base(packages={"numpy": "", "scikit-learn": "1.7.2"}, python="3.12")
class LockedWineFlow(WineFlow):
    """Compares two classifiers of wines, with the scikit-learn that was reviewed."""


if __name__ == "__main__":
    LockedWineFlow()

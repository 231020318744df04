"""The libraries whose values flows put on cards, installed once for this Python into a folder of the cache."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.engines.object_stores import installed

LIBRARIES = (
    "pandas==2.3.3", "numpy==2.2.6", "pyarrow==21.0.0", "pillow==11.3.0", "matplotlib==3.10.6", "altair==5.5.0",
    "vegafusion==2.0.3", "vl-convert-python==1.8.0",
)  # fmt: skip
CARD_PACKAGES = ("metaflow-card-html==1.0.3", "metaflow-card-notebook==1.0.8", "papermill", "nbconvert", "ipykernel")


def libraries() -> Path:
    """Returns the folder of the libraries. Raises CalledProcessError if they cannot be installed."""
    return _installed("card-libraries-1", LIBRARIES)


def card_packages() -> Path:
    """Returns the folder of the packages of card types, and of what they need beside Metaflow."""
    return _installed("card-packages-1", CARD_PACKAGES)


def _installed(name: str, requirements: tuple[str, ...]) -> Path:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary=:all:"]
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return installed(f"{name}-python-{version}", [*pip, "--target", "{}", *requirements])

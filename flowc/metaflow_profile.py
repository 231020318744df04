"""The settings of Metaflow's profile, in `~/.metaflowconfig` or METAFLOW_HOME, for a run on this machine."""

from __future__ import annotations

import os

from flowc.runtime_shim.api import metaflow_config

from .terminal import Failure


def adopt() -> None:
    """Adds the profile's METAFLOW_ variables to the environment of this process, below those that are set.

    The flow, its tasks and flowc then see them as if the user had set them. Raises Failure for a profile that is
    named and missing.
    """
    path = metaflow_config.profile_file()
    if not os.path.exists(path):
        if os.environ.get("METAFLOW_PROFILE"):
            raise Failure(f"METAFLOW_PROFILE is `{os.environ['METAFLOW_PROFILE']}`, but there is no file {path}")
        return
    for name, value in metaflow_config.profile().items():
        if name.startswith("METAFLOW_") and isinstance(value, (str, int, float)):
            os.environ.setdefault(name, str(value))

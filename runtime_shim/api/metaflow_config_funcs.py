"""`metaflow.metaflow_config_funcs`: asks for settings of Metaflow by name, those of extensions too."""

from __future__ import annotations

import os

from . import metaflow_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Optional, Tuple


def init_config() -> Dict[str, Any]:
    """Returns the settings of the profile."""
    return metaflow_config.profile()


def from_conf(name: str, default: Any = None, validate_fn: Optional[Callable[[str, Any], Any]] = None) -> Any:
    """Returns the setting METAFLOW_`name`: that of the environment, else that of the profile, else the default.

    A setting has the type of its default: a number, or a value that is written as JSON.
    """
    variable = f"METAFLOW_{name}"
    value = os.environ.get(variable, metaflow_config.profile().get(variable, default))
    if isinstance(value, str) and isinstance(default, (dict, list, bool)):
        import json

        value = json.loads(value.lower() if isinstance(default, bool) else value)
    elif isinstance(value, str) and isinstance(default, (int, float)):
        value = type(default)(value)
    if validate_fn is not None and value is not None:
        validate_fn(variable, value)
    return value


def config_values(include: int = 0) -> Iterator[Tuple[str, Any]]:
    """Yields each setting of the profile and of the environment, with its name."""
    settings = {**metaflow_config.profile(), **os.environ}
    yield from ((name, value) for name, value in settings.items() if name.startswith("METAFLOW_"))

"""flowc's public API: `from flowc import FlowSpec, step, Parameter, current, retry, …`, under the names that Metaflow gives them.

`import flowc` itself imports nothing: the compiler needs none of these names, and a task's container starts with this module. A name is
taken from `flowc.runtime_shim.api.names` when it is first asked for.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .notebook import NBRunner as NBRunner
    from .runner import Runner as Runner
    from .runtime_shim.api.names import *  # noqa: F403
    from .runtime_shim.client import *  # noqa: F403

    API: frozenset[str]


def __getattr__(name: str) -> object:
    if name == "API":
        return _api()
    if name not in _api():
        raise AttributeError(f"module 'flowc' has no attribute {name!r}")
    from .runtime_shim.api import names

    value = globals()[name] = getattr(names, name)
    return value


def __dir__() -> list:  # type: ignore[type-arg]
    return sorted({*globals(), *_api()})


def _api() -> frozenset:  # type: ignore[type-arg]
    """The names of flowc's API: those that flows import, and two that only flowc has at this place."""
    from .runtime_shim.contract.public_names import NAMES

    return NAMES | {"S3GetObject", "S3PutObject"}

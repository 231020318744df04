"""flowc's public API: `from flowc import FlowSpec, step, Parameter, current, retry, …`, under Metaflow's names.

`import flowc` itself imports almost nothing: the compiler needs none of these names, and a task's container starts
with this module. A name is taken from `flowc.runtime_shim.api.names` on its first use.
"""

from .runtime_shim import hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .deployer import DeployedFlow as DeployedFlow
    from .deployer import Deployer as Deployer
    from .deployer import NBDeployer as NBDeployer
    from .deployer import TriggeredRun as TriggeredRun
    from .notebook import NBRunner as NBRunner
    from .runner import Runner as Runner
    from .runtime_shim.api.names import *  # noqa: F403
    from .runtime_shim.client import *  # noqa: F403

    API: frozenset[str]
    __version__: str


def _command_line(path: str, class_name: str, argv: list) -> int:  # type: ignore[type-arg]
    from .cli import main_for_file

    return main_for_file(path, class_name, argv)


def _runner() -> type:
    from .runner import Runner

    return Runner


def _notebook_runner() -> type:
    from .notebook import NBRunner

    return NBRunner


def _deployer() -> type:
    from .deployer import Deployer

    return Deployer


def _deployed_flow() -> type:
    from .deployer import DeployedFlow

    return DeployedFlow


def _notebook_deployer() -> type:
    from .deployer import NBDeployer

    return NBDeployer


def _triggered_run() -> type:
    from .deployer import TriggeredRun

    return TriggeredRun


def _charts() -> str:
    from .pages.built import built

    return built("charts.js")


def _is_plugin(name: str) -> bool:
    # `from flowc import files` asks for the attribute before it imports the module
    if _is_module(name):
        return False
    try:
        from .plugin_names import is_plugin
    except ImportError:  # in a container, which has no compiler
        return False
    return is_plugin(name)


def _is_module(name: str) -> bool:
    """Returns True if a module of this package has the name."""
    from os.path import dirname, exists

    path = f"{dirname(__file__)}/{name}"
    return exists(f"{path}.py") or exists(f"{path}/__init__.py")


hooks.registered.update(
    command_line=_command_line,
    Runner=_runner,
    NBRunner=_notebook_runner,
    Deployer=_deployer,
    DeployedFlow=_deployed_flow,
    NBDeployer=_notebook_deployer,
    TriggeredRun=_triggered_run,
    charts=_charts,
    is_plugin=_is_plugin,
)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from .runtime_shim.contract.version import VERSION

        return VERSION
    if name == "API":
        return _api()
    if name not in _api() and (name.startswith("_") or not _is_plugin(name)):
        raise AttributeError(f"module 'flowc' has no attribute {name!r}")
    from .runtime_shim.api import names

    value = globals()[name] = getattr(names, name)
    return value


def __dir__() -> list:  # type: ignore[type-arg]
    return sorted({*globals(), *_api()})


def _api() -> frozenset:  # type: ignore[type-arg]
    """Returns the names of flowc's API: those that flows import, and three that only flowc exports here."""
    from .runtime_shim.contract.public_names import NAMES

    return NAMES | {"S3GetObject", "S3PutObject", "TriggeredRun"}

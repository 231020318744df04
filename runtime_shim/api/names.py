"""The names that flows import from `flowc` or `metaflow`. The decorators among them are in `decorators.py`."""

from __future__ import annotations

from ..contract.decorator_names import EXTENSIONS as _EXTENSIONS
from ..contract.decorator_names import NAMES as _KNOWN
from ..user_code.flowspec import FlowSpec
from ..user_code.parameter import Parameter
from . import decorators as _decorators
from .current import current
from .decorators import *  # noqa: F403
from .markers import note as _note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from .. import cards
    from ..client import (  # fmt: skip
        DataArtifact,
        Flow,
        Metaflow,
        Run,
        Step,
        Task,
        default_metadata,
        default_namespace,
        get_metadata,
        get_namespace,
        metadata,
        namespace,
    )
    from ..config import (
        Config,
        ConfigValue,
        conda_environment_yml_parser,
        config_expr,
        pyproject_toml_parser,
        requirements_txt_parser,
        yaml_parser,
    )
    from ..user_code.include_file import IncludeFile
    from ..user_code.mutators import FlowMutator, MutableFlow, MutableStep, StepMutator
    from ..user_code.user_decorators import USER_SKIP_STEP, UserStepDecorator, user_step_decorator
    from .events import namespaced_event_name
    from .parallel_map import parallel_imap_unordered, parallel_map
    from .profiling import profile

__all__ = [
    "Config", "ConfigValue", "DataArtifact", "Flow", "FlowMutator", "FlowSpec", "IncludeFile", "JSONType",
    "JSONTypeClass", "Metaflow", "MutableFlow", "MutableStep", "Parameter", "Run", "Step", "StepMutator", "Task",
    "USER_SKIP_STEP", "UserStepDecorator", "cards", "conda_environment_yml_parser", "config_expr", "current",
    "default_metadata", "default_namespace", "exit_hook", "get_metadata", "get_namespace", "metadata", "namespace",
    "namespaced_event_name", "parallel_imap_unordered", "parallel_map", "profile", "pyproject_toml_parser",
    "requirements_txt_parser", "step", "user_step_decorator", "yaml_parser",
]  # fmt: skip
__all__ += _decorators.__all__


def step(
    function: Optional[Callable[..., Any]] = None, *, start: bool = False, end: bool = False, node_info: Any = None
) -> Any:
    """Marks a method as a step."""

    def mark(decorated: Callable[..., Any]) -> Callable[..., Any]:
        decorated.is_step = True  # type: ignore[attr-defined]
        decorated.name = decorated.__name__  # type: ignore[attr-defined]
        return decorated

    return mark(function) if function is not None else mark


def exit_hook(on_success: Any = (), on_error: Any = (), options: Any = None) -> Callable[[type], type]:
    """Registers functions to call when a run has ended.

    It is the only flow decorator that keeps its arguments on the class, since functions are not in the IR.
    """

    def mark(flow_class: type) -> type:
        from ..user_code.exit_hooks import mark

        mark(flow_class, on_success, on_error)
        return _note(flow_class, "exit_hook", {"on_success": on_success, "on_error": on_error, "options": options})  # type: ignore[no-any-return]

    return mark


exit_hook._flowc_marker = True  # type: ignore[attr-defined]


def package_sources(sources: Any, arcname: Any = None, suffixes: Any = None) -> Callable[[type], type]:
    """Does nothing in a task: the compiler has already put the files into the code package."""
    return lambda flow_class: flow_class


class JSONTypeClass:
    name = "JSON"

    def __repr__(self) -> str:
        return "JSON"


JSONType = JSONTypeClass()


# Metaflow's names → the module that has each; imported on first use
_HOMES = {
    **dict.fromkeys(("UserStepDecorator", "user_step_decorator", "USER_SKIP_STEP"), "user_code.user_decorators"),
    **dict.fromkeys(("parallel_map", "parallel_imap_unordered"), "api.parallel_map"),
    "profile": "api.profiling",
    "Checkpoint": "extensions.checkpoint",
    "TorchrunSingleNodeMultiGPU": "extensions.torchrun",
    **dict.fromkeys(("load_model", "delete_model"), "extensions.references"),
    "IncludeFile": "user_code.include_file",
    "namespaced_event_name": "api.events",
    **dict.fromkeys(
        (
            "Flow", "Run", "Step", "Task", "DataArtifact", "Metaflow", "namespace", "get_namespace",
            "default_namespace", "metadata",
            "get_metadata", "default_metadata", "inspect_spin", "Runner", "NBRunner", "Deployer",
            "DeployedFlow", "NBDeployer", "TriggeredRun", "S3", "S3GetObject", "S3PutObject",
        ),
        "client",
    ),
    **dict.fromkeys(
        (
            "Config", "ConfigValue", "config_expr", "yaml_parser", "requirements_txt_parser", "pyproject_toml_parser",
            "conda_environment_yml_parser",
        ),
        "config",
    ),
    **dict.fromkeys(("FlowMutator", "StepMutator", "MutableFlow", "MutableStep"), "user_code.mutators"),
}  # fmt: skip

_LATER = frozenset(["artifact_store_from"])


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import sys

        home = f"flowc.runtime_shim.{_HOMES[name]}"
        try:
            __import__(home)
            value = globals()[name] = getattr(sys.modules[home], name)
            return value
        except (ModuleNotFoundError, AttributeError) as error:
            if isinstance(error, ModuleNotFoundError) and error.name != home:
                raise
            from .unsupported import Unsupported

            return Unsupported(name)
    if name in _KNOWN:  # of an extension: `import *` leaves it out
        return getattr(_decorators, name)
    if name == "cards":
        from .. import cards

        return cards
    if name == "metaflow_version":
        from . import metaflow_version

        return metaflow_version
    if name in _LATER:
        from .unsupported import Unsupported

        return Unsupported(name, "yet")
    if not name.startswith("_"):
        from ..hooks import registered

        if "is_plugin" in registered and registered["is_plugin"](name):
            from .markers import marker

            return marker(name)
    if name in _EXTENSIONS:
        raise AttributeError(f"`{name}` belongs to an extension of Metaflow, which flowc does not provide")
    raise AttributeError(
        f"module 'metaflow' has no attribute {name!r}: flowc provides the names in Metaflow's documentation, and none "
        "of its internals"
    )

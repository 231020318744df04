"""The names that flows import, from `flowc` or from `metaflow`. Decorators only mark: what they mean is in the IR that the task reads."""

from __future__ import annotations

from ..user_code.flowspec import FlowSpec
from ..user_code.parameter import Parameter
from .current import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

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
    from ..config import Config, ConfigValue, conda_environment_yml_parser, config_expr, pyproject_toml_parser, requirements_txt_parser, yaml_parser
    from ..user_code.include_file import IncludeFile
    from ..user_code.mutators import FlowMutator, MutableFlow, MutableStep, StepMutator
    from ..user_code.user_decorators import USER_SKIP_STEP, UserStepDecorator, user_step_decorator
    from .events import namespaced_event_name
    from .parallel_map import parallel_imap_unordered, parallel_map
    from .profiling import profile

__all__ = [
    "Config", "ConfigValue", "DataArtifact", "Flow", "FlowMutator", "FlowSpec", "IncludeFile", "JSONType", "JSONTypeClass", "Metaflow", "MutableFlow",
    "MutableStep", "Parameter", "Run", "Step", "StepMutator", "Task", "USER_SKIP_STEP", "UserStepDecorator", "airflow_external_task_sensor",
    "airflow_s3_key_sensor", "batch", "card", "cards", "catch", "conda", "conda_base", "conda_environment_yml_parser", "config_expr", "current",
    "default_metadata", "default_namespace", "environment", "exit_hook", "get_metadata", "get_namespace", "kubernetes", "metadata", "namespace",
    "namespaced_event_name", "parallel", "parallel_imap_unordered", "parallel_map", "profile", "project", "pypi", "pypi_base",
    "pyproject_toml_parser", "pytorch_parallel", "requirements_txt_parser", "resources", "retry", "schedule", "secrets", "step", "timeout",
    "trigger", "trigger_on_finish", "user_step_decorator", "yaml_parser",
]  # fmt: skip


def step(function: Optional[Callable[..., Any]] = None, *, start: bool = False, end: bool = False, node_info: Any = None) -> Any:
    """Marks a method as a step."""

    def mark(decorated: Callable[..., Any]) -> Callable[..., Any]:
        decorated.is_step = True  # type: ignore[attr-defined]
        decorated.name = decorated.__name__  # type: ignore[attr-defined]
        return decorated

    return mark(function) if function is not None else mark


def _marker(name: str) -> Callable[..., Any]:
    def decorator(*arguments: Any, **attributes: Any) -> Any:
        if len(arguments) == 1 and not attributes and (callable(arguments[0]) or isinstance(arguments[0], type)):
            return _noted(arguments[0], name, {})
        return lambda decorated: _noted(decorated, name, attributes)

    decorator.__name__ = decorator.__qualname__ = name
    decorator._flowc_marker = True  # type: ignore[attr-defined]
    return decorator


def _noted(decorated: Any, name: str, attributes: Dict[str, Any]) -> Any:
    """Keeps what was written, in the order in which Python applies it, for mutators to see."""
    if "_flowc_written" not in decorated.__dict__:
        decorated._flowc_written = []
    decorated._flowc_written.append((name, attributes))
    return decorated


retry, catch, timeout, environment, resources = map(_marker, ("retry", "catch", "timeout", "environment", "resources"))
kubernetes, batch, secrets, parallel, card = map(_marker, ("kubernetes", "batch", "secrets", "parallel", "card"))
conda, pypi, conda_base, pypi_base, pytorch_parallel = map(_marker, ("conda", "pypi", "conda_base", "pypi_base", "pytorch_parallel"))
schedule, project, trigger, trigger_on_finish = map(_marker, ("schedule", "project", "trigger", "trigger_on_finish"))
airflow_s3_key_sensor, airflow_external_task_sensor = map(_marker, ("airflow_s3_key_sensor", "airflow_external_task_sensor"))


def exit_hook(on_success: Any = (), on_error: Any = (), options: Any = None) -> Callable[[type], type]:
    """Functions to call when a run has ended; the only decorator of a flow that is kept, since functions are not in the IR."""

    def mark(flow_class: type) -> type:
        from ..local.exit_hooks import mark

        mark(flow_class, on_success, on_error)
        return _noted(flow_class, "exit_hook", {"on_success": on_success, "on_error": on_error, "options": options})  # type: ignore[no-any-return]

    return mark


exit_hook._flowc_marker = True  # type: ignore[attr-defined]


def package_sources(sources: Any, arcname: Any = None, suffixes: Any = None) -> Callable[[type], type]:
    """Files for the code package, which the compiler has put there: nothing to do in a task."""
    return lambda flow_class: flow_class


class JSONTypeClass:
    name = "JSON"

    def __repr__(self) -> str:
        return "JSON"


JSONType = JSONTypeClass()


# names of Metaflow's, and the module that has each; imported when they are first asked for
_HOMES = {
    **dict.fromkeys(("UserStepDecorator", "user_step_decorator", "USER_SKIP_STEP"), "user_code.user_decorators"),
    **dict.fromkeys(("parallel_map", "parallel_imap_unordered"), "api.parallel_map"),
    "profile": "api.profiling",
    "IncludeFile": "user_code.include_file",
    "namespaced_event_name": "api.events",
    **dict.fromkeys(
        (
            "Flow", "Run", "Step", "Task", "DataArtifact", "Metaflow", "namespace", "get_namespace", "default_namespace", "metadata",
            "get_metadata", "default_metadata", "inspect_spin", "Runner", "NBRunner", "S3", "S3GetObject", "S3PutObject",
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

_LATER = frozenset("Deployer DeployedFlow NBDeployer".split())

_DEPLOYING = (
    "yet: `flowc compile FLOW.py --target argo|step-functions|airflow` writes what is to be deployed, and the target's page in docs/targets says how"
)

_EXTENSIONS = frozenset("checkpoint model huggingface_hub torchrun slurm nvidia nvct snowpark titus mpi skypilot fakebay".split())


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
    if name == "cards":
        from .. import cards

        return cards
    if name == "metaflow_version":
        from . import metaflow_version

        return metaflow_version
    if name in _LATER:
        from .unsupported import Unsupported

        return Unsupported(name, _DEPLOYING if "Deploy" in name else "yet")
    if name in _EXTENSIONS:
        raise AttributeError(f"`{name}` is not of Metaflow itself but of an extension, which flowc does not have")
    raise AttributeError(f"module 'metaflow' has no attribute {name!r}: flowc has the names of Metaflow's documentation, and none of its internals")

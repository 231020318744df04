"""The names that flows import, from `flowc` or from `metaflow`. Decorators only mark: what they mean is in the IR that the task reads."""

from __future__ import annotations

from .current import current
from .flowspec import FlowSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from .client import (
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
    )  # fmt: skip

__all__ = [
    "DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "default_metadata", "default_namespace", "get_metadata", "get_namespace", "metadata",
    "namespace",
    "FlowSpec", "JSONType", "JSONTypeClass", "Parameter", "batch", "card", "catch", "conda", "conda_base", "current", "environment", "exit_hook",
    "kubernetes", "parallel", "project", "pypi", "pypi_base", "resources", "retry", "schedule", "secrets", "step", "timeout", "trigger",
    "trigger_on_finish",
]  # fmt: skip


def step(function: Optional[Callable[..., Any]] = None, *, start: bool = False, end: bool = False, node_info: Any = None) -> Any:
    """Marks a method as a step."""

    def mark(decorated: Callable[..., Any]) -> Callable[..., Any]:
        decorated.is_step = True  # type: ignore[attr-defined]
        return decorated

    return mark(function) if function is not None else mark


def _marker(name: str) -> Callable[..., Any]:
    def decorator(*arguments: Any, **attributes: Any) -> Any:
        if len(arguments) == 1 and not attributes and (callable(arguments[0]) or isinstance(arguments[0], type)):
            return arguments[0]
        return lambda decorated: decorated

    decorator.__name__ = decorator.__qualname__ = name
    return decorator


retry, catch, timeout, environment, resources = map(_marker, ("retry", "catch", "timeout", "environment", "resources"))
kubernetes, batch, secrets, parallel, card = map(_marker, ("kubernetes", "batch", "secrets", "parallel", "card"))
conda, pypi, conda_base, pypi_base = map(_marker, ("conda", "pypi", "conda_base", "pypi_base"))
schedule, project, trigger, trigger_on_finish, exit_hook = map(_marker, ("schedule", "project", "trigger", "trigger_on_finish", "exit_hook"))


class JSONTypeClass:
    name = "JSON"

    def __repr__(self) -> str:
        return "JSON"


JSONType = JSONTypeClass()


class Parameter:
    """An input of a flow; on the flow object, the value that the run was started with."""

    def __init__(self, name: str, **options: Any) -> None:
        self.name = name
        self.kwargs = options
        self._attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, flow: Any, owner: Optional[type] = None) -> Any:
        if flow is None or "_flowc" not in flow.__dict__:
            return self
        if self._attribute not in flow.__dict__:
            return FlowSpec.__getattr__(flow, self._attribute)
        return flow.__dict__[self._attribute]

    def __set__(self, flow: Any, value: Any) -> None:
        raise AttributeError("Flow level attributes and Parameters are not modifiable")


class Unsupported:
    """A name of Metaflow's that flowc knows and does not offer: it can be imported, and says so when it is used."""

    _name: str

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"flowc does not support `{self._name}` of Metaflow yet")

    __call__ = __getattr__ = __getitem__ = __iter__ = _refuse

    def __mro_entries__(self, _bases: Any) -> Any:
        return self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name}: not supported by flowc>"


_LATER = frozenset(
    (
        "IncludeFile Config config_expr ConfigValue FlowMutator StepMutator MutableFlow MutableStep user_step_decorator UserStepDecorator "
        "USER_SKIP_STEP S3 "
        "Runner NBRunner Deployer DeployedFlow NBDeployer parallel_map parallel_imap_unordered profile pytorch_parallel package_sources "
        "airflow_s3_key_sensor airflow_external_task_sensor namespaced_event_name inspect_spin yaml_parser requirements_txt_parser "
        "pyproject_toml_parser conda_environment_yml_parser cards integrations plugins util metaflow_config decorators"
    ).split()
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from . import client

    if name in client.__all__:
        return getattr(client, name)
    if name in _LATER:
        return Unsupported(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

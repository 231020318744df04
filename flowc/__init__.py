"""flowc's public API: `from flowc import FlowSpec, step, Parameter, current, retry, …`, under the names that Metaflow gives them.

`import flowc` itself imports next to nothing: the compiler needs none of these names, and a task's container starts with this module. A name is
taken from `flowc.runtime_shim.api.names` when it is first asked for.
"""

from .runtime_shim import hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .notebook import NBRunner as NBRunner
    from .runner import Runner as Runner
    from .runtime_shim.api.names import *  # noqa: F403
    from .runtime_shim.client import *  # noqa: F403

    __version__: str

API = frozenset(
    (
        "FlowSpec step Parameter JSONType JSONTypeClass current retry catch timeout resources environment schedule kubernetes batch secrets parallel "
        "pytorch_parallel card cards conda conda_base pypi pypi_base project trigger trigger_on_finish exit_hook airflow_s3_key_sensor "
        "airflow_external_task_sensor user_step_decorator UserStepDecorator USER_SKIP_STEP parallel_map parallel_imap_unordered profile "
        "namespaced_event_name Flow Run Step Task DataArtifact Metaflow namespace get_namespace default_namespace metadata get_metadata "
        "default_metadata inspect_spin Runner NBRunner S3 S3GetObject S3PutObject IncludeFile Config ConfigValue config_expr FlowMutator StepMutator "
        "MutableFlow MutableStep Deployer NBDeployer DeployedFlow yaml_parser requirements_txt_parser pyproject_toml_parser "
        "conda_environment_yml_parser package_sources metaflow_version"
    ).split()
)  # fmt: skip


def _command_line(path: str, class_name: str, argv: list) -> int:  # type: ignore[type-arg]
    from .cli import main_for_file

    return main_for_file(path, class_name, argv)


def _runner() -> type:
    from .runner import Runner

    return Runner


def _notebook_runner() -> type:
    from .notebook import NBRunner

    return NBRunner


hooks.registered.update(command_line=_command_line, Runner=_runner, NBRunner=_notebook_runner)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from .runtime_shim.contract.version import VERSION

        return VERSION
    if name not in API:
        raise AttributeError(f"module 'flowc' has no attribute {name!r}")
    from .runtime_shim.api import names

    value = globals()[name] = getattr(names, name)
    return value


def __dir__() -> list:  # type: ignore[type-arg]
    return sorted({*globals(), *API})

"""The meaning of decorators' attributes that the compiler, the targets and the shim must agree on.

The rules are in docs/shim.md, Retries. `Attributes` are those of a decorator as the IR carries them, or None without
the decorator. The decorators' own checks have accepted them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping, Optional, Tuple

    Attributes = Optional[Dict[str, Any]]

CATCH_ATTEMPTS = 3  # attempts that an engine adds for `@catch`, so that the shim can record that a process died
DEFAULT_CPU = 1  # cores (Metaflow's documentation, resources)
DEFAULT_MEMORY = 4096  # MiB
NO_OTHER_ATTEMPT = 202  # the exit code of a step that must not be retried (docs/shim.md, Exit codes)
DEFAULT_PAUSE = 120  # seconds between two attempts, unless `@retry` sets them (Metaflow's documentation, retry)
SECRET_BACKENDS = ("inline", "aws-secrets-manager", "gcp-secret-manager", "az-key-vault")
LEFT_TO_CONTAINER = "@runtime"  # the value of `--env` for a variable that the container of each task has
LEFT_OUT = "--without"  # in place of a plug-in's origin: an option leaves the decorator out, so it only marks
CONTAINER = "$container"  # in place of a value of `@environment`: {"$container": the name of a variable, …}
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}


def number(value: Any) -> Optional[float]:
    """Returns the value as a number, if it is one or the text of one; otherwise None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):  # the latter for whole numbers of over 308 digits
        return None
    return result if result == result and abs(result) != float("inf") else None


def is_card_id(value: Any) -> bool:
    """Returns True for a valid `id` of `@card`, which is the ID of `current.card[ID]`."""
    return isinstance(value, str) and value.isascii() and value.replace("_", "a").isalnum()


def retries(retry: Attributes) -> int:
    """Returns how often a failed attempt is repeated: `times` of `@retry`."""
    return int(number(retry.get("times")) or 0) if retry else 0


def pause_seconds(retry: Attributes) -> int:
    """Returns the time between two attempts: `minutes_between_retries` of `@retry`."""
    return round(60 * (number(retry.get("minutes_between_retries")) or 0)) if retry else 0


def engine_retries(times: int, has_catch: bool) -> int:
    """Returns how often an engine starts a task again: `times` of `@retry`, and more with `@catch`."""
    return times + (CATCH_ATTEMPTS if has_catch else 0)


def timeout_seconds(timeout: Attributes) -> float:
    """Returns the time limit of one attempt, the sum of `@timeout`'s attributes; 0 for no limit."""
    return sum((number(timeout.get(unit)) or 0) * factor for unit, factor in _SECONDS.items()) if timeout else 0


def caught_artifact(catch: Attributes) -> Optional[str]:
    """Returns the name of the artifact that `@catch` assigns; None if it assigns none."""
    return (catch.get("var") or None) if catch else None


def prints_exception(catch: Attributes) -> bool:
    """Returns True if `@catch` prints the exception that it catches."""
    return bool(catch) and bool(catch.get("print_exception", True))  # type: ignore[union-attr]


def resources(request: Attributes) -> Tuple[Optional[float], Optional[float]]:
    """Returns the cores and the MiB of memory that `@resources`, `@kubernetes` or `@batch` requests.

    None is left to the target.
    """
    return (number(request.get("cpu")), number(request.get("memory"))) if request else (None, None)


def environment_variables(environment: Attributes) -> Dict[str, str]:
    """Returns the variables of `@environment`, without those that the container itself has."""
    variables = environment.get("vars") if environment else None
    if not isinstance(variables, dict):
        return {}
    return {name: str(value) for name, value in variables.items() if not is_of_container(value)}


def is_of_container(value: Any) -> bool:
    """Returns True for a variable of `@environment` that stands for one of the container (`--env NAME=@runtime`)."""
    return isinstance(value, dict) and CONTAINER in value


def container_variables(environment: Attributes, container: Mapping[str, str]) -> Dict[str, str]:
    """Returns the other variables of `@environment`, with their values in the container. Raises ShimError."""
    variables = environment.get("vars") if environment else None
    found = {}
    for name, value in variables.items() if isinstance(variables, dict) else ():
        if is_of_container(value):
            text = container.get(value[CONTAINER], value.get("default"))
            if text is None:
                from .errors import ShimError

                raise ShimError(
                    f"@environment: the container's environment has no variable {value[CONTAINER]!r}, "
                    f"which {name!r} is compiled to read"
                )
            found[name] = str(text)
    return found


def secret_sources(secrets: Attributes) -> List[Any]:
    """Returns the sources of `@secrets`."""
    sources = (secrets.get("sources") or []) if secrets else []
    return sources if isinstance(sources, list) else [sources]


def replaces_variables(secrets: Attributes) -> bool:
    """Returns True if `@secrets` may replace variables that are already set."""
    return bool(secrets) and bool(secrets.get("allow_override"))  # type: ignore[union-attr]


def secret_source(source: Any) -> Tuple[str, Any, Any]:
    """Returns the backend, the id and the options of one source of `@secrets`.

    The backend is "" for the default one.
    """
    if isinstance(source, dict):
        return source.get("type") or "", source.get("id"), source.get("options", {})
    backend, dot, name = str(source).partition(".")
    return (backend, name, {}) if dot else ("", backend, {})


def secret_role(source: Any, secrets: Attributes) -> str:
    """Returns the role with which a source of `@secrets` is read; "" for the task's own."""
    own = source.get("role") if isinstance(source, dict) else None
    return str(own or (secrets or {}).get("role") or "")


def is_secret_variable(name: str) -> bool:
    """Returns True if a secret may set the variable."""
    return name.isascii() and name.isidentifier() and not name.startswith("METAFLOW_")


def master_port(pytorch_parallel: Attributes) -> Optional[int]:
    """Returns the port at which the tasks of a gang meet; None to derive it from the run's name."""
    return int(number(pytorch_parallel.get("master_port")) or 0) or None if pytorch_parallel else None


def project(attributes: Dict[str, Any]) -> Tuple[str, str, bool, str]:
    """Returns the name of `@project`, its branch, True for production, and the full branch.

    The branch is "" if none is chosen, and the full branch if the spec was not compiled for one.
    """
    return (
        str(attributes.get("name")), str(attributes.get("branch") or ""), attributes.get("production") is True,
        str(attributes.get("branch_name") or ""),
    )  # fmt: skip


def branch_name(branch: Optional[str], production: bool, user: str) -> str:
    """Returns the full name of a project's branch: `prod`, `prod.B`, `test.B` or `user.NAME`.

    The rules are in Metaflow's documentation, project.
    """
    if branch:
        return f"{'prod' if production else 'test'}.{branch}"
    return "prod" if production else f"user.{user}"


def project_flow_name(project: str, full_branch: str, flow: str) -> str:
    """Returns the name of a deployment of the flow."""
    return f"{project}.{full_branch}.{flow}"


def project_tags(project: str, full_branch: str) -> tuple[str, str]:
    """Returns the system tags of the runs of a project."""
    return f"project:{project}", f"project_branch:{full_branch}"

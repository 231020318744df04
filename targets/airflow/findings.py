"""What an Airflow installation has of what deploys and runs need, for `flowc doctor`."""

from __future__ import annotations

from flowc.targets.operating import FINE, MISSING, UNKNOWN, EngineError, Finding

from . import permissions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .dag_folder import Folder
    from .server import Server

PODS = "apache-airflow-providers-cncf-kubernetes"


def findings(server: Server, folder: Callable[[], Folder], options: Mapping[str, str]) -> Iterator[Finding]:
    """Yields what was examined. A question that the server does not answer is a finding, too."""
    yield Finding(FINE, f"Airflow {server.version or 'of an unknown version'}", server.url)
    yield from _parts(server)
    yield _folder(folder)
    try:
        refused = permissions.missing(server, tuple(permissions.NEEDS))
    except EngineError as error:
        yield Finding(MISSING, "permissions", error.message, error.hint)
    else:
        for what in refused:
            text = f"{server.user() or 'this identity'} may not do that"
            yield Finding(MISSING, f"the permission to {what}", text, "docs/deploying.md says what is needed for what")
        if not refused:
            yield Finding(FINE, "permissions", f"{server.user() or 'everybody'} may use every command")
    if options.get("airflow-tasks", "kubernetes") == "kubernetes":
        yield _pods(server)


def _parts(server: Server) -> Iterator[Finding]:
    """Yields whether the parts that runs and deploys wait for are at work."""
    try:
        health = server.call("GET", "/health" if server.is_2 else "/monitor/health")
    except EngineError as error:
        yield Finding(UNKNOWN, "scheduler and DAG processor", error.message)
        return
    for part, what in (("scheduler", "no run goes on without it"), ("dag_processor", "no deploy is done without it")):
        status = (health.get(part) or {}).get("status") if isinstance(health, dict) else None
        if status == "healthy":
            yield Finding(FINE, part.replace("_", " "))
        elif status:  # Airflow 2 has the DAG processor in its scheduler, and says nothing of it then
            yield Finding(
                MISSING, part.replace("_", " "), f"it is {status}: {what}", f"airflow {part.replace('_', '-')}"
            )


def _folder(folder: Callable[[], Folder]) -> Finding:
    try:
        place = folder()
        refusal = place.refusal()
    except EngineError as error:
        return Finding(MISSING, "the place of DAG files", error.message, error.hint)
    if refusal:
        return Finding(MISSING, "the place of DAG files", f"this process may not {refusal}")
    return Finding(FINE, "the place of DAG files", place.url)


def _pods(server: Server) -> Finding:
    try:
        names = {str(one["package_name"]) for one in server.pages("/providers", "providers")}
    except EngineError as error:
        return Finding(UNKNOWN, f"the provider {PODS}", error.message)
    if PODS in names:
        return Finding(FINE, f"the provider {PODS}")
    return Finding(MISSING, f"the provider {PODS}", "tasks cannot be pods without it", f"pip install {PODS}")

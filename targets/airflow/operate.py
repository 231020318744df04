"""What flowc does with Airflow itself: its server, and the folder that it reads DAG files from (`operating.py`)."""

from __future__ import annotations

from flowc.targets.operating import EngineError, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flowc.targets.operating import Change, Deployed, Engine, EngineRun, EngineTask, Finding, Start, Wanted
    from flowc.targets.target import SpecFile

    from .dag_folder import Folder
    from .deployed_dag import Settling
    from .server import Server

SETTINGS = (
    Setting("airflow-url", "the Airflow server, such as https://airflow.example.com", "URL"),
    Setting("dags", "where its DAG files are: a folder, s3://BUCKET/dags, gs://BUCKET/dags or git:FOLDER", "PLACE"),
    Setting(
        "airflow-auth",
        "how to sign in: token, basic, none, or mwaa:ENVIRONMENT (default: what the variables FLOWC_AIRFLOW_… hold)",
        "HOW",
    ),
)


def connect(settings: Mapping[str, str]) -> Engine:
    """Returns the Airflow of the settings. Raises EngineError."""
    from .server import Server

    return Airflow(Server(settings), settings)


class Airflow:
    """One Airflow installation."""

    keeps_runs = False  # the rest of a run's tasks are read from the DAG's file

    def __init__(self, server: Server, settings: Mapping[str, str]) -> None:
        from .dag_runs import Address

        self._server, self._dags = server, settings.get("dags", "")
        self._address = Address(server, settings.get("airflow-installation", ""))
        self._open: tuple[Folder, Settling] | None = None
        where = {"url": server.url, "dags": self._dags}
        self.where: Mapping[str, str] = {name: value for name, value in where.items() if value}

    def _folder(self) -> tuple[Folder, Settling]:
        """Returns the folder with DAG files, which only some verbs need."""
        from .dag_folders import opened
        from .deployed_dag import Settling

        if self._open is None:
            if not self._dags:
                hint = 'write `dags = "…"` into the context, or give `--dags`'
                raise EngineError("the folder that Airflow reads DAG files from is missing", hint)
            folder = opened(self._dags)
            self._open = folder, Settling(self._server, folder)
        return self._open

    def user(self) -> str:
        return self._server.user()

    def missing_permissions(self, verbs: Sequence[str]) -> tuple[str, ...]:
        from . import permissions

        writes = any(verb in permissions.WRITE for verb in verbs)
        refusal = self._folder()[0].refusal() if writes else ""
        return (*permissions.missing(self._server, verbs), *([refusal] if refusal else []))

    def changes(self, wanted: Wanted, last: Sequence[SpecFile]) -> tuple[Change, ...]:
        from . import deployed_dag

        return deployed_dag.changes(self._server, self._folder()[0], wanted, last)

    def removal(self, name: str, records: str) -> tuple[Change, ...]:
        from . import deployed_dag

        return deployed_dag.removal(self._server, self._folder()[0], name, records)

    def apply(self, change: Change) -> None:
        from . import deployed_dag

        folder, settling = self._folder()
        settling.before(change)
        deployed_dag.write(self._server, folder, change)

    def settle(self, wanted: Wanted, seconds: float) -> None:
        (file,) = wanted.files
        self._folder()[1].wait(wanted.name, file.name, seconds)

    def deployed(self, name: str) -> Deployed | None:
        from . import deployed_dag

        return deployed_dag.deployed(self._server, name)

    def deployments(self) -> tuple[Deployed, ...]:
        from . import deployed_dag

        return deployed_dag.deployments(self._server)

    def pause(self, name: str, paused: bool) -> bool:
        from . import deployed_dag

        return deployed_dag.pause(self._server, name, paused)

    def trigger(self, start: Start) -> EngineRun:
        from . import dag_runs

        return dag_runs.trigger(self._server, self._address, start)

    def run(self, name: str) -> EngineRun | None:
        from . import dag_runs

        return dag_runs.get(self._server, self._address, name)

    def runs(self, name: str, under_way: bool = False) -> tuple[EngineRun, ...]:
        from . import dag_runs

        return dag_runs.listed(self._server, self._address, name, under_way)

    def terminate(self, run: EngineRun, graceful: bool) -> bool:
        """Ends the run. Airflow knows no other end, and what would follow it, so `graceful` makes no difference."""
        from . import dag_runs

        return dag_runs.terminate(self._server, run, self._server.user())

    def suspend(self, run: EngineRun, suspended: bool) -> bool:
        verb = "hold back" if suspended else "let go"
        raise EngineError(
            f"Airflow cannot {verb} the tasks of one run",
            f"`flowc {'pause' if suspended else 'unpause'} {run.deployment}` does so for all runs of the DAG"
            + (", and `flowc terminate` ends this one" if suspended else ""),
        )

    def retry(self, run: EngineRun) -> None:
        from . import dag_runs

        dag_runs.retry(self._server, run)

    def findings(self, options: Mapping[str, str]) -> Iterator[Finding]:
        from . import findings

        return findings.findings(self._server, lambda: self._folder()[0], options)

    def logs(self, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
        from . import dag_runs

        return dag_runs.logs(self._server, run)

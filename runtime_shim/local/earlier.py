"""Tasks that need not run: their records exist from an earlier start of the run, or those of other runs will do."""

from __future__ import annotations

import time
from typing import Callable, Iterable, Optional, Tuple

from ..contract import address, record
from ..contract.errors import DamagedError
from ..contract.graph import Graph
from ..contract.record import Record
from ..store import Store
from .frontier import Address
from .running import task_name
from .settings import Settings
from .work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .reuse import Check

AHEAD = 64  # records that are fetched at once


class Earlier:
    """Finds the records of tasks that need not run. `on_damage` hears why a record was not taken over."""

    def __init__(
        self, store: Store, graph: Graph, work: Work, settings: Settings,
        on_damage: Callable[[str, str, str], None],
    ) -> None:  # fmt: skip
        self.store, self.graph, self.work, self.on_damage = store, graph, work, on_damage
        self.reuse, self.container = settings.reuse, settings.container
        self.known = self._is_known()
        self._whole = self._check()

    def _check(self) -> Optional[Check]:
        """Returns what looks for damage. A task in a container finds it when it loads an artifact, as ever."""
        if self.container is not None:
            return None
        from .reuse import Check

        return Check(self.store, self.graph.name, False)

    def _is_known(self) -> bool:
        """Returns True if tasks of the run may have records already."""
        if self.container is not None:
            return self.container.known
        try:
            return record.read_run(self.store, self.graph.name, self.work.run) is not None
        except DamagedError:  # it is written again
            return True

    def fetch_ahead(self, addresses: Iterable[Address]) -> None:
        """Starts to fetch the records of these tasks, here and in the run that this one resumes."""
        runs = [self.work.run] if self.known else []
        origin = getattr(self.reuse, "origin", "")  # of a resumed run
        if origin:
            runs.append(origin)
        if runs and self.store.remote:
            places = list(addresses)
            self.store.fetch_ahead(
                [address.record_name(self.graph.name, run, step, path) for run in runs for step, path in places]
            )

    def find(self, step: str, path: str, fresh: bool) -> Tuple[str, Optional[Record]]:
        """Returns the record of a task that need not run, and `kept` or `reused`; None if the task must run."""
        if self.known:
            done = self._own_record(step, path)
            if done is not None:
                if self.container is None and step == self.graph.start and not address.visit(path):
                    self._check_run()
                return "kept", done
        origin = self.reuse.find(step, path, fresh) if self.reuse is not None else None
        if origin is None:
            if self.reuse is not None and self.reuse.damage:
                self.on_damage(step, path, self.reuse.damage)
            return "", None
        from .reuse import taken_over

        return "reused", taken_over(self.store, self.graph.name, self.work.run, *origin)

    def _own_record(self, step: str, path: str) -> Optional[Record]:
        """Returns the record of an earlier start of this run.

        Raises DamagedError if it is damaged, since no record is ever replaced.
        """
        try:
            done = record.read(self.store, self.graph.name, self.work.run, step, path)
        except DamagedError as error:
            problem = str(error)
        else:
            problem = self._whole(done) if done is not None and self._whole is not None else ""
        if problem:
            raise DamagedError(
                f"run {self.work.run!r} cannot continue: the results of task {task_name((step, path, 0))} are damaged: "
                f"{problem}. Start a new run to compute them again"
            )
        return done

    def _check_run(self) -> None:
        """Checks code and parameters as the first task would have done."""
        from ..contract import parameters

        if self.work.parameters is not None:
            values = parameters.convert(self.graph.flow["parameters"], self.work.parameters)
            data = {
                "flow": self.graph.name,
                "run": self.work.run,
                "parameters": values,
                "code": self.work.code,
                "target": "local",
            }
            record.start_run(
                self.store, self.graph.name, self.work.run, {**data, "started": time.time(), **self.work.extra}
            )

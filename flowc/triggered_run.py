"""`TriggeredRun`: a run on an orchestrator, from Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from flowc.targets.operating import OVER, PENDING, RUNNING, SUCCEEDED, SUSPENDED, EngineRun

from .deploying.from_python import asked, refusals

# Metaflow's words for the states of a run
STATUSES = {PENDING: "Pending", RUNNING: "Running", SUSPENDED: "Running", SUCCEEDED: "Succeeded"}


class TriggeredRun:
    """A run on an orchestrator."""

    def __init__(self, deployed_flow: Any, run: EngineRun) -> None:
        self.deployer, self._run = deployed_flow, run
        self.name, self.id, self.pathspec, self.url = run.name, run.id, f"{run.flow}/{run.id}", run.url
        self.metadata_for_flow = deployed_flow.metadata

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pathspec!r})"

    @property
    def run(self) -> Any:
        """The client's object (`Run`), or None until the first task has begun."""
        from flowc.runtime_shim.client.run import Run

        place = self._datastore()
        data = place.run(self._run.flow, self.id) if place is not None else None
        if place is None or data is None or "ahead" in data:
            return None
        return Run._made(place, (self._run.flow, self.id))

    @property
    def state(self) -> str:
        """One of flowc's states (docs/deploying.md)."""
        return self._look().state

    @property
    def status(self) -> str:
        """Metaflow's word for the state: Pending, Running, Succeeded or Failed."""
        return STATUSES.get(self.state, "Failed")

    @property
    def is_running(self) -> bool:
        """True until the run is over, also before it has begun."""
        return self.state not in OVER

    def wait_for_run(self, check_interval: float = 5, timeout: float | None = None) -> Any:
        """Returns the client's object once the run has begun. Raises TimeoutError."""
        message = "Timed out waiting for the run object to become available."
        return self._wait(lambda: self.run, check_interval, timeout, message)

    def wait_for_completion(self, check_interval: float = 5, timeout: float | None = None) -> str:
        """Waits until the run is over; returns its state. Raises TimeoutError."""

        def over() -> str:
            state = self.state
            return state if state in OVER else ""

        return str(
            self._wait(over, check_interval, timeout, "Workflow did not complete within specified timeout.")
        )  # fmt: skip

    async def async_wait_for_run(self, check_interval: float = 5, timeout: float | None = None) -> Any:
        """Does as `wait_for_run`, without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.wait_for_run, check_interval, timeout)

    async def async_wait_for_completion(self, check_interval: float = 5, timeout: float | None = None) -> str:
        """Does as `wait_for_completion`, without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.wait_for_completion, check_interval, timeout)

    def logs(self, step: str = "", path: str = "") -> Iterator[tuple[str, str]]:
        """Yields (task, text) of what the tasks have printed, as far as the engine or the datastore has it."""
        place = self._datastore()
        seen = set()
        if place is not None and place.run(self._run.flow, self.id) is not None:
            for name in place.steps(self._run.flow, self.id)[::-1]:
                for where in reversed(list(place.tasks(self._run.flow, self.id, name))):
                    if step not in ("", name) or path not in ("", where):
                        continue
                    text = self._log(place, name, where)
                    if text is not None:
                        seen.add((name, where))
                        yield f"{name}/{where}", text
        run = self._look()
        for task, data in asked(lambda: list(self._engine.logs(run))):
            if (task.step, task.path) not in seen and step in ("", task.step) and path in ("", task.path):
                yield f"{task.step}/{task.path}", data.decode("utf-8", "replace")

    def _log(self, place: Any, step: str, path: str) -> str | None:
        from flowc.runtime_shim.contract import address
        from flowc.runtime_shim.contract.logs import Log

        attempts = place.tasks(self._run.flow, self.id, step)[path].logs
        if not attempts:
            return None
        name = address.task_name(self._run.flow, self.id, step, path, f"{max(attempts)}.log")
        data = place.store.get(name) or b""
        return b"".join(piece for _, _, piece in Log(data).entries()).decode("utf-8", "replace")

    def terminate(self, authorize: str | None = None, graceful: bool = False) -> bool:
        """Ends the run. Returns False if it had ended."""
        return bool(asked(lambda: self._engine.terminate(self._run, graceful)))

    def suspend(self, authorize: str | None = None) -> bool:
        """Holds back new tasks. Returns False if that was so already."""
        return bool(asked(lambda: self._engine.suspend(self._run, True)))

    def unsuspend(self, authorize: str | None = None) -> bool:
        """Lets new tasks go. Returns False if that was so already."""
        return bool(asked(lambda: self._engine.suspend(self._run, False)))

    def resume(self, step: str = "", verify: bool = False) -> TriggeredRun:
        """Starts a run of the current deployment that reuses this run's finished tasks. Raises DeploymentError.

        With `step`, that step runs again, and everything after it.
        """
        return self._resume(step, verify)  # type: ignore[no-any-return]

    @refusals
    def _resume(self, step: str, verify: bool) -> TriggeredRun:
        from .deploying import place, resuming
        from .deploying.from_python import implementations
        from .deploying.run_state import datastore

        flow, run = self.deployer, self._look()
        resuming.must_be_over(run)
        deployed = place.deployed(self._engine, flow._place(), flow.name)
        readable = datastore(deployed.store)
        assert readable is not None
        origin, before = resuming.origin_of(readable, run.flow, run.id)
        begun, _ = resuming.of_deployed(
            self._engine, place.open_store(deployed.store), deployed, implementations()[flow.TYPE], origin, before,
            [step] if step else [], verify, before.get("tags", []),
        )  # fmt: skip
        return TriggeredRun(flow, begun)

    def retry(self) -> None:
        """Lets the engine itself go on with the failed run, as `flowc resume --in-place` does."""
        asked(lambda: self._engine.retry(self._look()))

    @property
    def _engine(self) -> Any:
        return self.deployer._engine

    def _datastore(self) -> Any:
        from .deploying.run_state import datastore

        return datastore(self.deployer._deployed.store)

    def _look(self) -> EngineRun:
        from .deploying.run_state import checked, found

        return checked(refusals(found)(self._engine, self.name), self._datastore())

    def _wait(self, condition: Callable[[], Any], every: float, timeout: float | None, message: str) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(message)
            time.sleep(every)

"""`Deployer`: deploys flows and starts their runs from Python (Metaflow's documentation, Programmatic deployment).

    deployed = Deployer("train.py", context="prod").argo_workflows().create()
    run = deployed.trigger(alpha=0.5)
    print(run.wait_for_completion(), run.run.data.score)

Everything happens in this process, by the functions that the commands call; the flow is not imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import DELETE as DELETE_CHANGE
from flowc.targets.operating import (
    OVER,
    PENDING,
    RUNNING,
    SUCCEEDED,
    SUSPENDED,
    Deployed,
    EngineRun,
    Start,
    operator,
)
from flowc.targets.target import about, names

from .options import Usage
from .terminal import Failure, Output

# Metaflow's words for the states of a run
_STATUSES = {PENDING: "Pending", RUNNING: "Running", SUSPENDED: "Running", SUCCEEDED: "Succeeded"}


class DeploymentError(RuntimeError):
    """A deploy, a start or another verb was refused or failed. The text says why, and what to do."""


def _implementations() -> dict[str, str]:
    """Returns the names of Metaflow's deployers → targets."""
    return {about(name).METAFLOW_COMMAND or name: name for name in names()}


class _Quiet(Output):
    """An output that keeps what is printed, and shows it if asked."""

    def __init__(self, show: bool) -> None:
        super().__init__()
        self._show, self.lines = show, list[str]()

    def print(self, text: str) -> None:
        self.lines.append(text)
        if self._show:
            super().print(text)


def _refusals(function: Any) -> Any:
    """Makes DeploymentError of what commands print as an error, and ValueError of wrong usage."""
    from functools import wraps

    @wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        from flowc.compiler.report.diagnostics import Refused

        try:
            return function(*arguments, **options)
        except Usage as error:
            raise ValueError(f"{error.message}; {error.hint}" if error.hint else error.message) from None
        except (Failure, ShimError) as error:
            raise DeploymentError(str(error)) from None
        except Refused as refused:
            from .formats import renderer

            raise DeploymentError(renderer("text")(refused.diagnostics, refused.sources, False)) from None

    return wrapper


class Deployer:
    """Deploys the flow in a file.

    `context` is a context of pyproject.toml; other options are those of `flowc deploy`.
    """

    def __init__(
        self, flow_file: str, show_output: bool = True, profile: str | None = None, env: dict[str, str] | None = None,
        cwd: str | None = None, file_read_timeout: int = 3600, *, context: str | None = None, **options: Any,
    ) -> None:  # fmt: skip
        if profile is not None or env is not None or cwd is not None:
            raise ValueError("flowc deploys in this process: set variables and the folder here, before the call")
        self.flow_file, self.show_output, self.context, self.top_level_kwargs = flow_file, show_output, context, options

    def argo_workflows(self, name: str | None = None) -> DeployerImpl:
        return DeployerImpl(self, "argo-workflows", name)

    def step_functions(self, name: str | None = None) -> DeployerImpl:
        return DeployerImpl(self, "step-functions", name)

    def airflow(self, name: str | None = None) -> DeployerImpl:
        return DeployerImpl(self, "airflow", name)


class DeployerImpl:
    """The deployer of a flow to one orchestrator. Nothing is written before `create`."""

    def __init__(self, deployer: Deployer, kind: str, name: str | None) -> None:
        self.deployer, self.TYPE, self.target = deployer, kind, _implementations()[kind]
        if operator(self.target) is None:
            raise NotImplementedError(f"flowc cannot deploy to {kind} yet")
        self.deployer_kwargs = {"name": name} if name else {}
        self.name, self.flow_name = name or "", ""

    def __enter__(self) -> DeployerImpl:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Does nothing: flowc leaves no temporary files."""

    def plan(self, **options: Any) -> dict[str, Any]:
        """Returns what `create` would do, as `flowc plan --json` prints it."""
        from .deploying import plan_text

        made, engine, _ = self._plan(options)
        return plan_text.data(made, engine)

    def create(self, **options: Any) -> DeployedFlow:
        """Deploys the flow, and asks nothing. Options are those of `flowc deploy`, with `_` for `-`."""
        return self._create(options)  # type: ignore[no-any-return]

    @_refusals
    def _create(self, options: dict[str, Any]) -> DeployedFlow:
        from .deploying.confirm import refuse_foreign
        from .deploying.order import check_git
        from .deploying.place import deployed
        from .deploying.plan import apply

        made, engine, store = self._plan(options)
        check_git(made.order)
        refuse_foreign(made)
        out = _Quiet(self.deployer.show_output)
        if not made.is_empty:
            apply(made, engine, store, out.print)
        self.name, self.flow_name = made.order.name, made.order.flow
        return DeployedFlow(engine, deployed(engine, made.order.place, made.order.name), self.TYPE, self)

    @_refusals
    def _plan(self, options: dict[str, Any]) -> Any:
        from .commands.plan import OPTIONS
        from .deploying.order import order, parsed
        from .deploying.place import connect, open_store
        from .deploying.plan import plan
        from .runner import _words

        place_words = ["--on", self.deployer.context] if self.deployer.context else ["--target", self.target]
        flags = {key: value for key, value in options.items() if isinstance(value, bool)}
        rest = {key: value for key, value in options.items() if not isinstance(value, bool)}
        words = _words({**self.deployer.top_level_kwargs, **self.deployer_kwargs, **rest})
        words += [f"--{key.replace('_', '-')}" for key, value in flags.items() if value]
        arguments, place = parsed([self.deployer.flow_file, *place_words, *words], OPTIONS)
        if place.target != self.target:
            raise Usage(f"context `{self.deployer.context}` is for target {place.target}, not for {self.TYPE}")
        wanted = order(arguments, place, _Quiet(False))
        engine, store = connect(place), open_store(place.store)
        chosen = (arguments.flag("--take-over"), arguments.flag("--keep-drift"), arguments.flag("--paused"))
        return plan(wanted, engine, store, *chosen), engine, store


class DeployedFlow:
    """A flow that is deployed."""

    def __init__(self, engine: Any, deployed: Deployed, kind: str, deployer: DeployerImpl | None = None) -> None:
        self._engine, self._deployed, self.TYPE, self.deployer = engine, deployed, kind, deployer
        self.name, self.flow_name, self.metadata = deployed.name, deployed.flow, f"local@{deployed.store}"

    def __repr__(self) -> str:
        return f"DeployedFlow({self.name!r})"

    @classmethod
    def from_deployment(
        cls, identifier: str, metadata: str | None = None, impl: str = "", *, context: str = "", **place: str
    ) -> DeployedFlow:  # fmt: skip
        """Returns what is deployed under the name. `place` holds options of `flowc trigger`, such as `namespace`."""
        kind, engine, there = _connected(impl, context, place)
        from .deploying.place import deployed

        return cls(engine, _refusals(deployed)(engine, there, identifier), kind)

    @classmethod
    def list_deployed_flows(
        cls, flow_name: str | None = None, impl: str = "", *, context: str = "", **place: str
    ) -> Iterator[DeployedFlow]:  # fmt: skip
        """Yields everything that flowc has deployed in the place, or only of one flow."""
        kind, engine, _ = _connected(impl, context, place)
        from .deploying.place import asked

        for deployed in _refusals(asked)(engine.deployments):
            if flow_name in (None, deployed.flow):
                yield cls(engine, deployed, kind)

    @classmethod
    def get_triggered_run(
        cls, identifier: str, run_id: str, metadata: str | None = None, impl: str = "", *, context: str = "",
        **place: str,
    ) -> TriggeredRun:  # fmt: skip
        """Returns a run of the deployment."""
        flow = cls.from_deployment(identifier, metadata, impl, context=context, **place)
        from .deploying.run_state import found

        return TriggeredRun(flow, _refusals(found)(flow._engine, run_id))

    @property
    def parameters(self) -> dict[str, bool]:
        """The parameters: name → True if a value is required."""
        return {parameter.name: parameter.required for parameter in self._deployed.parameters}

    @property
    def schedule(self) -> str:
        return self._deployed.schedule

    def trigger(
        self, run_id_file: str | None = None, run_id: str = "", tags: Any = (), **parameters: Any
    ) -> TriggeredRun:
        """Starts a run. The same `run_id` starts one run only."""
        return self._trigger(run_id_file, run_id, tags, parameters)  # type: ignore[no-any-return]

    @_refusals
    def _trigger(
        self, run_id_file: str | None, run_id: str, tags: Any, parameters: dict[str, Any]
    ) -> TriggeredRun:  # fmt: skip
        from .commands.trigger import _tag
        from .deploying import place, records, start
        from .options import Arguments

        store = place.open_store(self._deployed.store)
        flow = start.flow_of(store, self._deployed)
        known = [parameter.name for parameter in flow.parameters]
        for name in parameters:
            if name.replace("_", "-") not in (one.replace("_", "-") for one in known):
                raise ValueError(f"Unknown argument: '{name}', possible args are: {', '.join(known)}")
        by_name = {one.replace("-", "_"): one for one in known}
        given = tuple(f"{by_name[name.replace('-', '_')]}={_text(value)}" for name, value in parameters.items())
        texts = start.texts(Arguments((), {"--parameter": given}), flow, store, frozenset())
        order = Start(self._deployed, texts, run_id, str(records.author("")["user"]))
        begun = place.asked(lambda: self._engine.trigger(order))
        if tags:
            _tag(self._deployed.store, begun, set(tags))
        if run_id_file:
            with open(run_id_file, "w", encoding="utf-8") as file:
                file.write(begun.id)
        return TriggeredRun(self, begun)

    def list_runs(self, states: Any = None) -> list[TriggeredRun]:
        """Returns the runs of the deployment, newest first; only those in the given states of flowc, if any."""
        from .deploying.place import asked

        runs = _refusals(asked)(lambda: self._engine.runs(self.name))
        return [TriggeredRun(self, run) for run in runs if states is None or run.state in states]

    def pause(self) -> bool:
        """Stops the schedule. Returns False if it was stopped."""
        return bool(_refusals(_asked)(lambda: self._engine.pause(self.name, True)))

    def unpause(self) -> bool:
        """Resumes the schedule. Returns False if it was on."""
        return bool(_refusals(_asked)(lambda: self._engine.pause(self.name, False)))

    def delete(self, authorize: str | None = None, force: bool = False) -> bool:
        """Removes the deployment. Raises DeploymentError while runs are under way, unless `force`."""
        return self._delete(force)  # type: ignore[no-any-return]

    @_refusals
    def _delete(self, force: bool) -> bool:
        from .deploying import history, place, records

        running = place.asked(lambda: self._engine.runs(self.name, True))
        if running and not force:
            raise Failure(f"{len(running)} runs of {self.name} are under way: wait for them, or give `force=True`")
        written = history.of_mark(self._deployed.records)
        if written is None:
            raise Failure(f"`{self.name}` was not deployed by flowc")
        changes = place.asked(lambda: self._engine.removal(self.name, self._deployed.records))
        newest, _ = place.asked(written.last)
        number = (newest.n if newest is not None else 0) + 1
        about_it = {
            "action": records.DELETE, "name": self.name, "by": records.author(place.asked(self._engine.user)),
            "code": self._deployed.code, "target": _implementations()[self.TYPE], "where": dict(self._engine.where),
        }  # fmt: skip
        place.asked(lambda: written.claim(number, about_it, ()))
        for change in changes:
            assert change.op == DELETE_CHANGE
            place.applied(self._engine, change)
        place.asked(lambda: written.finish(number))
        return bool(changes)


class TriggeredRun:
    """A run on an orchestrator."""

    def __init__(self, deployed_flow: DeployedFlow, run: EngineRun) -> None:
        self.deployer, self._run = deployed_flow, run
        self.name, self.id, self.pathspec, self.url = run.name, run.id, f"{run.flow}/{run.id}", run.url

    def __repr__(self) -> str:
        return f"TriggeredRun({self.pathspec!r})"

    @property
    def run(self) -> Any:
        """The client's object (`Run`), or None until the first task has begun."""
        from flowc.runtime_shim.client.run import Run

        place = self._datastore()
        if place is None or place.run(self._run.flow, self.id) is None:
            return None
        return Run._made(place, (self._run.flow, self.id))

    @property
    def state(self) -> str:
        """One of flowc's states (docs/deploying.md)."""
        return self._look().state

    @property
    def status(self) -> str:
        """Metaflow's word for the state: Pending, Running, Succeeded or Failed."""
        return _STATUSES.get(self.state, "Failed")

    @property
    def is_running(self) -> bool:
        """True until the run is over, also before it has begun."""
        return self.state not in OVER

    def wait_for_run(self, check_interval: float = 5, timeout: float | None = None) -> Any:
        """Returns the client's object once the run has begun. Raises TimeoutError."""
        return self._wait(lambda: self.run, check_interval, timeout, "the run object to become available")

    def wait_for_completion(self, check_interval: float = 5, timeout: float | None = None) -> str:
        """Waits until the run is over; returns its state. Raises TimeoutError."""

        def over() -> str:
            state = self.state
            return state if state in OVER else ""

        return str(self._wait(over, check_interval, timeout, "the run to complete"))

    def terminate(self, authorize: str | None = None, graceful: bool = False) -> bool:
        return bool(_refusals(_asked)(lambda: self._engine.terminate(self._run, graceful)))

    def suspend(self, authorize: str | None = None) -> bool:
        return bool(_refusals(_asked)(lambda: self._engine.suspend(self._run, True)))

    def unsuspend(self, authorize: str | None = None) -> bool:
        return bool(_refusals(_asked)(lambda: self._engine.suspend(self._run, False)))

    @property
    def _engine(self) -> Any:
        return self.deployer._engine

    def _datastore(self) -> Any:
        from .deploying.run_state import datastore

        return datastore(self.deployer._deployed.store)

    def _look(self) -> EngineRun:
        from .deploying.run_state import checked, found

        return checked(_refusals(found)(self._engine, self.name), self._datastore())

    def _wait(self, condition: Any, every: float, timeout: float | None, what: str) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"Timed out waiting for {what}.")
            time.sleep(every)


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _asked(question: Any) -> Any:
    from .deploying.place import asked

    return asked(question)


def _connected(impl: str, context: str, place: dict[str, str]) -> tuple[str, Any, Any]:
    """Returns the kind of deployer, its engine and place. Raises ValueError, DeploymentError."""
    from .deploying.place import connect, parse
    from .runner import _words

    known = _implementations()
    words = ["--on", context] if context else []
    if not context:
        kind = impl or os.environ.get("METAFLOW_DEFAULT_FROM_DEPLOYMENT_IMPL", "argo-workflows")
        if kind.replace("_", "-") not in known:
            raise ValueError(f"No deployer '{kind}' exists; valid deployers are: {list(known)}")
        words = ["--target", known[kind.replace("_", "-")]]
    _, there = _refusals(parse)([*words, *_words(dict(place))], ())
    kind = next(name for name, target in known.items() if target == there.target)
    return kind, _refusals(connect)(there), there

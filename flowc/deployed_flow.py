"""`DeployedFlow`: a flow that is deployed, from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from flowc.targets.operating import DELETE, FAILED, RUNNING, SUCCEEDED, TERMINATED, TIMED_OUT, Deployed, Start

from .deploying.from_python import InvalidValue, asked, connected, implementations, refusals
from .options import Usage
from .terminal import Failure
from .triggered_run import TriggeredRun

# Metaflow's words for the states of runs on Step Functions
_STATES = {
    "RUNNING": RUNNING, "SUCCEEDED": SUCCEEDED, "FAILED": FAILED, "TIMED_OUT": TIMED_OUT, "ABORTED": TERMINATED,
}  # fmt: skip


class DeployedFlow:
    """A flow that is deployed."""

    def __init__(self, engine: Any, deployed: Deployed, kind: str, deployer: Any = None) -> None:
        self._engine, self._deployed, self.TYPE, self.deployer = engine, deployed, kind, deployer
        self.name, self.flow_name = deployed.name, deployed.flow
        self.metadata = f"local@{deployed.store}"
        self.workflow_template: dict[str, Any] | None = None  # after `create(only_json=True)`, on Argo

    def __repr__(self) -> str:
        return f"DeployedFlow({self.name!r})"

    # ── finding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def from_deployment(
        cls, identifier: str, metadata: str | None = None, impl: str = "", *, context: str = "", **place: str
    ) -> DeployedFlow:  # fmt: skip
        """Returns what is deployed under the name. `place` holds options of `flowc trigger`, such as `namespace`."""
        kind, engine, there = connected(impl, context, place)
        from .deploying.place import deployed

        return cls(engine, refusals(deployed)(engine, there, identifier), kind)

    @classmethod
    def list_deployed_flows(
        cls, flow_name: str | None = None, impl: str = "", *, context: str = "", **place: str
    ) -> Iterator[DeployedFlow]:  # fmt: skip
        """Yields everything that flowc has deployed in the place, or only of one flow."""
        kind, engine, _ = connected(impl, context, place)
        for deployed in asked(engine.deployments):
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

        return TriggeredRun(flow, refusals(found)(flow._engine, run_id))

    @classmethod
    def from_argo_workflows(cls, identifier: str, metadata: str | None = None, **place: str) -> DeployedFlow:
        return cls.from_deployment(identifier, metadata, "argo-workflows", **place)

    @classmethod
    def list_argo_workflows(cls, flow_name: str | None = None, **place: str) -> Iterator[DeployedFlow]:
        return cls.list_deployed_flows(flow_name, "argo-workflows", **place)

    @classmethod
    def get_triggered_argo_workflows_run(
        cls, identifier: str, run_id: str, metadata: str | None = None, **place: str
    ) -> TriggeredRun:  # fmt: skip
        return cls.get_triggered_run(identifier, run_id, metadata, "argo-workflows", **place)

    @classmethod
    def from_step_functions(cls, identifier: str, metadata: str | None = None, **place: str) -> DeployedFlow:
        return cls.from_deployment(identifier, metadata, "step-functions", **place)

    @classmethod
    def list_step_functions(cls, flow_name: str | None = None, **place: str) -> Iterator[DeployedFlow]:
        return cls.list_deployed_flows(flow_name, "step-functions", **place)

    @classmethod
    def get_triggered_step_functions_run(
        cls, identifier: str, run_id: str, metadata: str | None = None, **place: str
    ) -> TriggeredRun:  # fmt: skip
        return cls.get_triggered_run(identifier, run_id, metadata, "step-functions", **place)

    @classmethod
    def from_airflow(cls, identifier: str, metadata: str | None = None, **place: str) -> DeployedFlow:
        return cls.from_deployment(identifier, metadata, "airflow", **place)

    @classmethod
    def list_airflow(cls, flow_name: str | None = None, **place: str) -> Iterator[DeployedFlow]:
        return cls.list_deployed_flows(flow_name, "airflow", **place)

    @classmethod
    def get_triggered_airflow_run(
        cls, identifier: str, run_id: str, metadata: str | None = None, **place: str
    ) -> TriggeredRun:  # fmt: skip
        return cls.get_triggered_run(identifier, run_id, metadata, "airflow", **place)

    # ── facts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def production_token(self) -> str | None:
        """None: who may deploy is decided by the roles of the orchestrator, not by a token."""
        return None

    @property
    def parameters(self) -> dict[str, bool]:
        """The parameters: name → True if a value is required."""
        return {parameter.name: parameter.required for parameter in self._deployed.parameters}

    @property
    def schedule(self) -> str:
        return self._deployed.schedule

    @property
    def url(self) -> str:
        """A page of the engine's; "" if it has none."""
        return self._deployed.url

    def history(self) -> list[dict[str, Any]]:
        """Returns the records of its deployments, newest first: `n`, `action`, `at`, `by`, `code`, `done`, …"""
        from .deploying import history

        records = history.of_mark(self._deployed.records)
        if records is None:
            return []
        return [{**entry.data, "done": entry.done} for entry in asked(records.history)]

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def trigger(
        self, run_id_file: str | None = None, run_id: str = "", tags: Any = (), **parameters: Any
    ) -> TriggeredRun:
        """Starts a run. The same `run_id` starts one run only. Raises ValueError for wrong parameters."""
        return self._trigger(run_id_file, run_id, tags, parameters)  # type: ignore[no-any-return]

    async def async_trigger(self, **parameters: Any) -> TriggeredRun:
        """Does as `trigger`, without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(lambda: self.trigger(**parameters))

    @refusals
    def _trigger(
        self, run_id_file: str | None, run_id: str, tags: Any, parameters: dict[str, Any]
    ) -> TriggeredRun:  # fmt: skip
        from .commands.trigger import add_tags
        from .deploying import place, records, start
        from .options import Arguments

        store = place.open_store(self._deployed.store)
        flow = start.flow_of(store, self._deployed)
        known = [parameter.name for parameter in flow.parameters]
        by_name = {one.replace("-", "_"): one for one in known}
        for name in parameters:
            if name.replace("-", "_") not in by_name:
                raise ValueError(f"Unknown argument: '{name}', possible args are: {', '.join(known)}")
        given = {by_name[name.replace("-", "_")]: value for name, value in parameters.items()}
        for parameter in flow.parameters:
            if parameter.required and not parameter.computed and parameter.name not in given:
                raise ValueError(f"Missing argument: {parameter.name} is required.")
        words = tuple(f"{name}={_text(value)}" for name, value in given.items())
        try:
            texts = start.texts(Arguments((), {"--parameter": words}), flow, store, frozenset())
        except Usage as error:
            raise InvalidValue(f"{error.message}; {error.hint}" if error.hint else error.message) from None
        order = Start(self._deployed, texts, run_id, str(records.author("")["user"]))
        begun = place.asked(lambda: self._engine.trigger(order))
        if tags:
            add_tags(self._deployed.store, begun, set(tags))
        if run_id_file:
            from .deploying.attached import write_run_id

            write_run_id(os.fspath(run_id_file), begun)
        return TriggeredRun(self, begun)

    def list_runs(self, states: Any = None) -> list[TriggeredRun]:
        """Returns the runs of the deployment, newest first; only those in the given states, if any.

        The states are flowc's or Metaflow's of Step Functions. Raises ValueError for others, and for one given twice.
        """
        wanted = [_STATES.get(state, state) for state in states or ()]
        unknown = [state for state in wanted if state not in _STATES.values()]
        if unknown or len(set(wanted)) < len(wanted):
            what = f"unknown state '{unknown[0]}'" if unknown else "a state is given twice"
            raise ValueError(f"{what}; the states are {', '.join((*_STATES, *_STATES.values()))}")
        runs = asked(lambda: self._engine.runs(self.name))
        if TERMINATED in wanted or TIMED_OUT in wanted or FAILED in wanted:  # a list tells them only roughly
            ended = (FAILED, TERMINATED, TIMED_OUT)
            exact = (asked(lambda: self._engine.run(run.name)) if run.state in ended else run for run in runs)  # noqa: B023
            runs = [run for run in exact if run is not None]
        return [TriggeredRun(self, run) for run in runs if not wanted or run.state in wanted]

    def pause(self) -> bool:
        """Stops the schedule. Returns False if it was stopped."""
        return bool(asked(lambda: self._engine.pause(self.name, True)))

    def unpause(self) -> bool:
        """Resumes the schedule. Returns False if it was on."""
        return bool(asked(lambda: self._engine.pause(self.name, False)))

    def rollback(self, to: int | None = None) -> DeployedFlow:
        """Deploys an earlier deployment again, by default the one before; asks nothing. Returns what is deployed."""
        return self._rollback(to)  # type: ignore[no-any-return]

    @refusals
    def _rollback(self, to: int | None) -> DeployedFlow:
        from .commands.rollback import chosen, order_of
        from .deploying import history, place
        from .deploying.from_python import Quiet
        from .deploying.plan import apply, plan

        written = history.of_mark(self._deployed.records)
        if written is None:
            raise Failure(f"`{self.name}` was not deployed by flowc")
        there = place.with_key(self._place(), written.key)
        order = order_of(written, chosen(written, to or 0), self.name, there)
        made = plan(order, self._engine, written.store, take_over=False, keep_drift=False, paused=False)
        if not made.is_empty:
            apply(made, self._engine, written.store, Quiet(False).print)
        return DeployedFlow(self._engine, place.deployed(self._engine, there, self.name), self.TYPE, self.deployer)

    def delete(self, authorize: str | None = None, force: bool = False) -> bool:
        """Removes the deployment. Raises DeploymentError while runs are under way, unless `force`."""
        return self._delete(force)  # type: ignore[no-any-return]

    @refusals
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
            "code": self._deployed.code, "target": implementations()[self.TYPE], "where": dict(self._engine.where),
        }  # fmt: skip
        place.asked(lambda: written.claim(number, about_it, ()))
        for change in changes:
            assert change.op == DELETE
            place.applied(self._engine, change)
        place.asked(lambda: written.finish(number))
        return bool(changes)

    def _place(self) -> Any:
        from .contexts import NONE
        from .deploying.place import Place

        return Place(implementations()[self.TYPE], NONE, {}, self._deployed.store)


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

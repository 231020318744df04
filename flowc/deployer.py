"""`Deployer`: deploys flows and starts their runs from Python (Metaflow's documentation, Programmatic deployment).

    deployed = Deployer("train.py", context="prod").argo_workflows().create()
    run = deployed.trigger(alpha=0.5)
    print(run.wait_for_completion(), run.run.data.score)

Everything happens in this process, by the functions that the commands call; the flow is not imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import operator

from .deployed_flow import DeployedFlow as DeployedFlow
from .deploying.from_python import DeploymentError as DeploymentError
from .deploying.from_python import Quiet, implementations, refusals, surroundings
from .notebook import CellFile
from .options import Usage
from .triggered_run import TriggeredRun as TriggeredRun

# Metaflow's names of options of `create` in Python → those of its command line, where they differ (click's names)
_SPELLED = {"tags": "tag", "user_namespace": "namespace", "given_token": "authorize"}
_OWN = ("yes",)  # `create` asks nothing


class Deployer:
    """Deploys the flow in a file.

    `context` is a context of pyproject.toml. Other options are those of Metaflow before the command, such as
    `decospecs`, `branch`, `production`, `config` and `config_value`, and those of `flowc deploy`.
    """

    def __init__(
        self, flow_file: str, show_output: bool = True, profile: str | None = None, env: dict[str, str] | None = None,
        cwd: str | None = None, file_read_timeout: int = 3600, *, context: str | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """`env` and `profile` are in the environment, and `cwd` is the current folder, while this deployer works."""
        self.flow_file, self.show_output, self.context, self.top_level_kwargs = flow_file, show_output, context, options
        self.env_vars = {**(env or {}), **({"METAFLOW_PROFILE": profile} if profile else {})}
        self.cwd = cwd

    def argo_workflows(self, name: str | None = None) -> DeployerImpl:
        return DeployerImpl(self, "argo-workflows", name)

    def step_functions(self, name: str | None = None) -> DeployerImpl:
        return DeployerImpl(self, "step-functions", name)

    def airflow(self, name: str | None = None) -> DeployerImpl:
        return DeployerImpl(self, "airflow", name)

    def cleanup(self) -> None:
        """Does nothing: flowc leaves no temporary files."""


class DeployerImpl:
    """The deployer of a flow to one orchestrator. Nothing is written before `create`."""

    def __init__(self, deployer: Deployer, kind: str, name: str | None) -> None:
        self.deployer, self.TYPE, self.target = deployer, kind, implementations()[kind]
        if operator(self.target) is None:
            raise NotImplementedError(f"flowc cannot deploy to {kind} yet")
        self.deployer_kwargs = {"name": name} if name else {}
        self.flow_file, self.env_vars = deployer.flow_file, deployer.env_vars
        self.top_level_kwargs = deployer.top_level_kwargs
        self.name, self.flow_name, self.metadata = name or "", "", ""

    def __enter__(self) -> DeployerImpl:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Does nothing: flowc leaves no temporary files."""
        self.deployer.cleanup()

    def plan(self, **options: Any) -> dict[str, Any]:
        """Returns what `create` would do, as `flowc plan --json` prints it. Raises as `create` does."""
        from .deploying import plan_text

        with surroundings(self.env_vars, self.deployer.cwd):
            made, engine, _ = self._plan(options)
            return plan_text.data(made, engine)

    def create(self, **options: Any) -> DeployedFlow:
        """Deploys the flow, and asks nothing. Options are those of `flowc deploy`, with `_` for `-`.

        With `only_json=True` nothing is deployed, and the result has the spec as `workflow_template` (Argo). Raises
        ValueError for an option that flowc does not have, DeploymentError, a RuntimeError, if it is refused or fails.
        """
        with surroundings(self.env_vars, self.deployer.cwd):
            deployed: DeployedFlow = self._create(options)
        self.name, self.flow_name, self.metadata = deployed.name, deployed.flow_name, deployed.metadata
        return deployed

    @refusals
    def _create(self, options: dict[str, Any]) -> DeployedFlow:
        from .deploying.confirm import refuse_foreign
        from .deploying.order import check_git
        from .deploying.place import deployed
        from .deploying.plan import apply

        if options.pop("only_json", False):
            return self._only_spec(options)
        made, engine, store = self._plan(options)
        check_git(made.order)
        refuse_foreign(made)
        out = Quiet(self.deployer.show_output)
        if not made.is_empty:
            apply(made, engine, store, out.print)
        return DeployedFlow(engine, deployed(engine, made.order.place, made.order.name), self.TYPE, self)

    def _only_spec(self, options: dict[str, Any]) -> DeployedFlow:
        """Returns the deployment as it would be, without an engine."""
        from flowc.targets.operating import Deployed

        from .deploying.order import order

        arguments, place = self._parsed(options)
        wanted = order(arguments, place, Quiet(False))
        made = DeployedFlow(None, Deployed(wanted.name, wanted.flow, wanted.code, "", place.store), self.TYPE, self)
        if self.target == "argo":
            import yaml

            texts = [file.text for file in wanted.spec if file.name.endswith(".argo.yaml")]
            made.workflow_template = next(iter(yaml.safe_load_all(texts[0])))
        return made

    @refusals
    def _plan(self, options: dict[str, Any]) -> Any:
        from .deploying.order import order
        from .deploying.place import connect, open_store
        from .deploying.plan import plan

        arguments, place = self._parsed(options)
        wanted = order(arguments, place, Quiet(self.deployer.show_output))
        engine, store = connect(place), open_store(place.store)
        chosen = (arguments.flag("--take-over"), arguments.flag("--keep-drift"), arguments.flag("--paused"))
        return plan(wanted, engine, store, *chosen), engine, store

    def _parsed(self, options: dict[str, Any]) -> Any:
        """Parses the options as the command line of a deploy. Raises ValueError, Usage."""
        from .commands.plan import OPTIONS
        from .deploying.order import parsed
        from .runner import _words

        place_words = ["--on", self.deployer.context] if self.deployer.context else ["--target", self.target]
        merged = {**self._top_options(), **self.deployer_kwargs, **self._options(options)}
        flags = {key: value for key, value in merged.items() if isinstance(value, bool)}
        words = _words({key: value for key, value in merged.items() if key not in flags})
        words += [f"--{key.replace('_', '-')}" for key, value in flags.items() if value]
        arguments, place = parsed([self.flow_file, *place_words, *words], OPTIONS)
        if place.target != self.target:
            raise Usage(f"context `{self.deployer.context}` is for target {place.target}, not for {self.TYPE}")
        return arguments, place

    def _options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the options of `create` that flowc has. Raises ValueError, with the reason for one of Metaflow's."""
        from .metaflow_groups import CREATE

        known, reasons = self._known(), CREATE.get(self.TYPE, {})
        kept = {}
        for name, value in options.items():
            if name == "auto_emit_argo_events" and value is False and "announce" in known:
                kept["announce"] = "nothing"
                continue
            spelled = _SPELLED.get(name, name).replace("_", "-")
            is_theirs = name in _SPELLED or name not in known
            if is_theirs and (f"--{spelled}" in reasons or f"--no-{spelled}" in reasons):
                reason = reasons.get(f"--no-{spelled}" if value is False else f"--{spelled}", "")
                if reason and value not in (None, (), [], ""):
                    raise ValueError(f"`{name}` is not supported: {reason}")
            elif name in known:
                kept[name] = value
            elif name not in _OWN:
                raise ValueError(f"Unknown argument: '{name}', possible args are: {', '.join(sorted(known))}")
        return {name: value for name, value in kept.items() if value is not None}

    def _top_options(self) -> dict[str, Any]:
        """Returns the options before the command that flowc has. Raises Usage for others."""
        from .flow_file import _top_option

        known = {*self._known(), "decospecs"}
        kept = {}
        for name, value in self.top_level_kwargs.items():
            if name in known:
                kept[name] = value
            elif value is not None and value is not False:
                spelled = f"--{name.replace('_', '-')}"
                _top_option([spelled] if value is True else [f"{spelled}={value}"])
        return {name: value for name, value in kept.items() if value is not None}

    def _known(self) -> set[str]:
        """Returns the names of the options of `flowc deploy`, as Python has them."""
        from flowc.targets.target import emitter

        from .commands.plan import OPTIONS
        from .deploying.place import engine_options

        names = [option.name[2:] for option in (*OPTIONS, *engine_options(self.target))]
        names += [option.name for option in emitter(self.target).OPTIONS]
        return {name.replace("-", "_") for name in names}


class NBDeployerInitializationError(Exception):
    """The flow's source cannot be read: this is not a notebook, or not the cell that defines the flow."""


class NBDeployer:
    """A deployer for the last line of the cell that defines the flow: `NBDeployer(MyFlow).argo_workflows().create()`.

    The cell up to the end of the flow's class becomes a file beside the notebook, until `cleanup`.
    """

    def __init__(
        self, flow: type, show_output: bool = True, profile: str | None = None, env: dict[str, str] | None = None,
        base_dir: str | None = None, file_read_timeout: int = 3600, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Writes the flow's file into `base_dir`, by default the current folder.

        Raises NBDeployerInitializationError outside of a notebook, ValueError without the cell.
        """
        self.flow = flow
        self._cell = CellFile(flow, base_dir or os.getcwd(), "NBDeployer", NBDeployerInitializationError)
        self.base_dir, self.flow_file = self._cell.folder, self._cell.path
        self.deployer = Deployer(self.flow_file, show_output, profile, env, None, file_read_timeout, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("deployer", "_cell"):
            raise AttributeError(name)
        return getattr(self.deployer, name)

    def cleanup(self) -> None:
        """Deletes the file."""
        self._cell.delete()


__all__ = [
    "DeployedFlow", "Deployer", "DeployerImpl", "DeploymentError", "NBDeployer", "NBDeployerInitializationError",
    "ShimError", "TriggeredRun",
]  # fmt: skip

"""A small engine: it runs a flow of containers with the shim itself, one process for each container (docs/shim.md)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowc.compiler.ir import nodes as ir
from flowc.compiler.ir.nodes import Branches, ForEach, Scope, Task
from flowc.compiler.ir.scopes import scopes
from flowc.compiler.optimize.optimize import Optimized, optimized
from flowc.compiler.optimize.settings import Settings, StepSettings
from flowc.compiler.pipeline import load
from flowc.targets.shared.task_arguments import task_arguments
from flowc.targets.target import Options

from tests.support.building import package_of
from tests.support.container import Container
from tests.support.environment import environment
from tests.support.running import LIMIT

NO_RETRY = 202
Start = Callable[[list[str], dict[str, str]], "subprocess.CompletedProcess[str]"]


class RunFailed(Exception):
    """A container has failed for good. `args[0]` is its process."""


@dataclass
class Engine:
    """Runs one run of a flow in containers."""

    flow: Path
    folder: Path  # a new one
    settings: Settings | None = None  # None: every task has a container of its own
    parameters: dict[str, Any] | None = None
    env: dict[str, str] = field(default_factory=dict)
    run: str = "r"
    store: str = ""
    cores: float = 2
    workers: int = 2

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = load(str(self.flow))
        flow = self.program.flow
        self.optimized: Optimized | None = None if self.settings is None else optimized(flow, self.settings)
        containers = self.optimized.containers if self.optimized else ()
        self.options = Options(code="", containers=containers)
        self.containers = self.optimized.flow if self.optimized else flow
        self.started: list[list[str]] = []  # the arguments of every container
        self.printed: list[str] = []  # by every container that ended well
        self.store = self.store or str(self.folder / "store")
        self.code = package_of(self.program, self.folder / "store")
        self.environment = {
            **environment("FLOWC_", "AWS_"), "FLOWC_STORE": self.store, "FLOWC_FLOW": flow.name, "FLOWC_RUN": self.run,
            "FLOWC_CODE": self.code, "FLOWC_TARGET": "argo", **self.env,
        }  # fmt: skip

    def go(self) -> None:
        """Runs the flow to its end. Raises RunFailed."""
        self._scope(scopes(self.containers), "-")

    def _scope(self, scope: Scope, path: str) -> None:
        nodes = {node.step: node for node in scope.nodes}
        current = scope.entry
        while current in nodes:
            node, step = nodes[current], self.containers.by_name[current]
            report = self.container(current, path)
            match node:
                case Branches(scopes=several, join=join):
                    self._all([(branch, path) for branch in several])
                    current = join
                case ForEach(body=body, join=join):
                    assert len(report["paths"]) == report["splits"]
                    self._all([(body, item) for item in report["paths"]])
                    current = join
                case Task():
                    match step.transition:
                        case ir.Switch():
                            current, path = report["next"], report["path"]
                        case ir.Linear(target=target):
                            current = target
                        case _:
                            return

    def _all(self, several: list[tuple[Scope, str]]) -> None:
        with ThreadPoolExecutor(self.workers if self._may_wait(several) else len(several)) as pool:
            for done in [pool.submit(self._scope, scope, path) for scope, path in several]:
                done.result()

    def _may_wait(self, several: list[tuple[Scope, str]]) -> bool:
        """Returns False for a gang, whose nodes wait for one another."""
        step = self.containers.by_name[several[0][0].entry]
        return all(decorator.name != "parallel" for decorator in step.decorators)

    def container(self, step: str, path: str) -> dict[str, Any]:
        """Runs one container to its end, as often as its `@retry` allows; returns its report. Raises RunFailed."""
        attempts = 1 + self.retries(step)
        for attempt in range(attempts):
            done = self.start(step, path, attempt)
            if done.returncode == 0:
                self.printed.append(done.stdout)
                return json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])  # type: ignore[no-any-return]
            if done.returncode == NO_RETRY:
                break
        raise RunFailed(done)

    def retries(self, step: str) -> int:
        """Returns how often the engine starts the step's container again."""
        decorators = {one.name: dict(one.attributes) for one in self.containers.by_name[step].decorators}
        times = int(str(decorators.get("retry", {}).get("times", 0)))
        return times + (3 if "catch" in decorators else 0)

    def arguments(self, step: str, path: str) -> list[str]:
        return task_arguments(step, path, self.options, self.cores)

    def variables(self, step: str, attempt: int) -> dict[str, str]:
        given = {"FLOWC_PARAMETERS": json.dumps(self.parameters)} if self.parameters is not None else {}
        given = given if step == self.containers.start else {}
        return {**self.environment, **given, "FLOWC_ATTEMPT": str(attempt)}

    def start(self, step: str, path: str, attempt: int) -> subprocess.CompletedProcess[str]:
        """Runs one attempt at a container."""
        arguments = self.arguments(step, path)
        self.started.append(arguments)
        command = [*Container.command(self, step, path)[:3], *arguments, "--report", "stdout"]  # type: ignore[arg-type]
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return subprocess.run(
            command, env=self.variables(step, attempt), cwd=elsewhere, capture_output=True, text=True, timeout=LIMIT
        )


def whole(flow: Path) -> Settings:
    """Returns settings with which as much as possible shares one container: also whole foreaches."""
    program = load(str(flow))
    steps = [(step.name, StepSettings(together=True)) for step in program.flow.steps]
    return Settings(sizes="largest", steps=tuple(steps))


def chunks(items: int) -> Settings:
    """Returns settings with which each foreach is divided into chunks of so many items."""
    return Settings(items=items, containers=0, sizes="largest")


SHARED: Mapping[str, Callable[[Path], Settings]] = {
    "all in one": whole,
    "chunks of 2": lambda flow: chunks(2),
    "as by default": lambda flow: Settings(),
}


def copied(flow: Path, folder: Path) -> Path:
    """Copies the flow with the files beside it that it reads; returns the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(flow.parent.glob(f"{flow.stem}*")):
        if path.is_file():
            shutil.copy(path, folder / path.name)
    return folder / flow.name


def containers_of(started: list[list[str]]) -> Iterator[str]:
    """Yields step and path of each container that was started."""
    for arguments in started:
        yield "/".join((arguments[2], arguments[4]))

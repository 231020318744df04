"""Airflow in two pages: reads a DAG file with stand-ins for Airflow's modules, and runs it as the reference says.

What it knows: operators and TaskFlow functions, `>>`, XComs and `.map`, `partial(…).expand(…)`, branches (a task is skipped if it is directly
after a branch that did not choose it and comes after the chosen one in no way, as `SkipMixin.skip_all_except` has it), and the two trigger rules
that flowc emits. A mapped task over nothing is skipped. A task that is started where no task leads to it fails, as the shim does. Stands in for Airflow where thousands of DAGs are to be run; `tests/engines` runs the real one.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from unittest import mock

from flowc.compiler.ir.nodes import Flow

from tests.support.container_of_tasks import ContainerOfTasks
from tests.support.reference import Executed, executed

ALL, ANY = "all_success", "none_failed_min_one_success"


class XCom:
    def __init__(self, node: Node, function: Callable[[Any], Any] | None = None) -> None:
        self.node, self.function = node, function

    def map(self, function: Callable[[Any], Any]) -> XCom:
        assert self.function is None
        return XCom(self.node, function)

    def __rshift__(self, other: Any) -> Any:
        return self.node >> other

    def __rrshift__(self, other: Any) -> Any:
        return other >> self.node if isinstance(other, Node) else self.node.__rrshift__(other)


class Node:
    def __init__(self, dag: Dag, kind: str, settings: dict[str, Any]) -> None:
        self.dag, self.kind = dag, kind
        self.settings = {**(dag.settings.get("default_args", {}) if kind == "operator" else {}), **settings}
        self.id: str = settings["task_id"]
        self.rule = settings.get("trigger_rule", ALL)
        self.upstream: list[Node] = []
        self.over: XCom | None = None
        self.arguments: tuple[Any, ...] = ()
        assert self.id not in dag.nodes, f"two tasks {self.id}"
        dag.nodes[self.id] = self

    @property
    def output(self) -> XCom:
        return XCom(self)

    def after(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, XCom):
                self.upstream.append(value.node)
            elif isinstance(value, Node):
                self.upstream.append(value)
            elif isinstance(value, (list, tuple)):
                self.after(*value)

    def __rshift__(self, other: Any) -> Any:
        (other.node if isinstance(other, XCom) else other).after(self)
        return other

    def __rrshift__(self, other: list[Any]) -> Node:
        self.after(*other)
        return self


class Dag:
    current: Dag

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.nodes: dict[str, Node] = {}
        Dag.current = self

    def __enter__(self) -> Dag:
        return self

    def __exit__(self, *_: object) -> None: ...


class _Operator:
    """BashOperator and KubernetesPodOperator: they keep their arguments."""

    def __new__(cls, **settings: Any) -> Any:
        return Node(Dag.current, "operator", settings)

    @classmethod
    def partial(cls, **settings: Any) -> Any:
        return types.SimpleNamespace(expand=lambda **mapped: cls._expanded(settings, mapped))

    @classmethod
    def _expanded(cls, settings: dict[str, Any], mapped: dict[str, Any]) -> Node:
        node = Node(Dag.current, "operator", settings)
        ((name, node.over),) = mapped.items()
        node.settings["mapped"] = name
        node.after(node.over)
        return node


class _Empty:
    """EmptyOperator: succeeds."""

    def __new__(cls, **settings: Any) -> Any:
        return Node(Dag.current, "empty", settings)


class _Function:
    """The node that `@task` or `@task.branch` makes."""

    def __init__(self, kind: str, function: Any, settings: dict[str, Any]) -> None:
        self.kind, self.function, self.settings = kind, function, settings

    def override(self, **settings: Any) -> _Function:
        return _Function(self.kind, self.function, {**self.settings, **settings})

    def __call__(self, *arguments: Any, **named: Any) -> XCom:
        node = Node(Dag.current, self.kind, {"function": self.function, **self.settings})
        node.arguments = (arguments, named)
        node.after(*arguments, *named.values())
        return XCom(node)


class _Param:
    def __init__(self, *default: Any, **schema: Any) -> None:
        self.default, self.schema = default, schema


def _task(**settings: Any) -> Callable[[Any], _Function]:
    return lambda function: _Function("function", function, settings)


_task.branch = lambda **settings: lambda function: _Function("branch", function, settings)  # type: ignore[attr-defined]


class Configuration:
    """`airflow.configuration.conf` of an installation without settings."""

    @staticmethod
    def getint(section: str, name: str, fallback: int) -> int:
        assert (section, name) == ("core", "max_map_length")
        return fallback


class Failed(Exception):
    """`AirflowFailException`: the task fails and is not tried again."""


class Skipped(Exception):
    """`AirflowSkipException`: the task is skipped."""


@contextmanager
def modules() -> Any:
    """A context in which Airflow's modules are stand-ins."""
    created: dict[str, types.ModuleType] = {}
    contents: dict[str, dict[str, Any]] = {
        "airflow.sdk": {"DAG": Dag, "Param": _Param, "task": _task}, "airflow.providers.standard.operators.bash": {"BashOperator": _Operator},
        "airflow.providers.standard.operators.empty": {"EmptyOperator": _Empty}, "airflow.configuration": {"conf": Configuration},
        "airflow.sdk.exceptions": {"AirflowFailException": Failed, "AirflowSkipException": Skipped},
        "airflow.providers.cncf.kubernetes.operators.pod": {"KubernetesPodOperator": _Operator},
        "pendulum": {"datetime": lambda *parts, tz: (parts, tz)},
    }  # fmt: skip
    for name, values in contents.items():
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            created.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
        vars(created[name]).update(values)
    with mock.patch.dict(sys.modules, created):
        yield


def read(text: str) -> Dag:
    """Returns the DAG that the file makes."""
    scope: dict[str, Any] = {"__name__": "the_dag"}
    with modules():
        exec(compile(text, "the_dag.py", "exec"), scope)
    dag = scope["dag"]
    assert isinstance(dag, Dag)
    return dag


class Simulator:
    """Runs one DAG file of a flow; `executed` are the flow's tasks, and `containers` the operators that ran them."""

    def __init__(
        self, text: str, flow: Flow, fails: Executed | None = None, reached: set[Executed] | None = None
    ) -> None:
        self.dag = read(text)
        self.shim = ContainerOfTasks(flow)
        self.fails = fails
        self.reached = set(executed(flow)) if reached is None else reached
        self.executed: list[Executed] = []
        self.seen: set[Executed] = set()
        self.containers = 0
        self.states: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def run(self) -> str:
        """Returns the state of the run: success or failed."""
        waiting = list(self.dag.nodes.values())
        while waiting:
            ready = [node for node in waiting if all(one.id in self.states for one in node.upstream)]
            assert ready, f"tasks wait for ever: {[node.id for node in waiting]}"
            for node in ready:
                waiting.remove(node)
                if node.id not in self.states:
                    self.states[node.id] = self._state(node)
        leaves = [
            node.id
            for node in self.dag.nodes.values()
            if not any(node in other.upstream for other in self.dag.nodes.values())
        ]
        return (
            "failed" if any(self.states[node_id] in ("failed", "upstream_failed") for node_id in leaves) else "success"
        )

    def _state(self, node: Node) -> str:
        before = [self.states[node.id] for node in node.upstream]
        if any(state in ("failed", "upstream_failed") for state in before):
            return "upstream_failed"
        if before and ("skipped" in before if node.rule == ALL else "success" not in before):
            return "skipped"
        assert node.rule in (ALL, ANY)
        if node.kind == "operator":
            return self._operator(node)
        if node.kind == "empty":
            return "success"
        arguments, named = node.arguments
        with modules():
            result = node.settings["function"](
                *self._resolved(arguments), **{name: self._resolved(value) for name, value in named.items()}
            )
        if node.kind == "branch":
            self._choose(node, result)
        self.values[node.id] = json.loads(json.dumps(result))
        return "success"

    def _choose(self, node: Node, chosen: str) -> None:
        after = [other for other in self.dag.nodes.values() if node in other.upstream]
        assert chosen in [node.id for node in after], f"{chosen} is not directly after {node.id}"
        kept = {chosen}
        grown = True
        while grown:
            more = {node.id for node in self.dag.nodes.values() if any(one.id in kept for one in node.upstream)} - kept
            grown = bool(more)
            kept |= more
        for follower in after:
            if follower.id not in kept:
                self.states[follower.id] = "skipped"

    def _operator(self, node: Node) -> str:
        if node.over is None:
            command = node.settings["bash_command"] if "bash_command" in node.settings else node.settings["arguments"]
            return self._task(node, [command], False)
        assert node.over.function is not None
        items = self.values.get(node.over.node.id)
        assert items is not None, f"{node.id} is mapped over nothing that was pushed"
        return self._task(node, [node.over.function(item) for item in items], True) if items else "skipped"

    def _task(self, node: Node, commands: list[Any], mapped: bool) -> str:
        results = []
        for command in commands:
            words = command.split() if isinstance(command, str) else command
            tasks, result = self.shim.run(words[words.index("task") :])
            self.containers += 1
            for task in tasks:
                assert task not in self.seen, f"{task} ran twice"
                self.seen.add(task)
                if task == self.fails or task not in self.reached:
                    return "failed"
                self.executed.append(task)
            results.append(json.dumps(result) if isinstance(command, str) else result)
        if node.settings.get("do_xcom_push"):
            self.values[node.id] = results if mapped else results[0]
        return "success"

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, XCom):
            assert value.function is None
            return self.values.get(value.node.id)
        if isinstance(value, (list, tuple)):
            return type(value)(self._resolved(item) for item in value)
        return value

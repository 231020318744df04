"""Runs one task: finds its inputs, runs the user's code, writes its record. Start reading at `run_task`."""

from __future__ import annotations

import os
import sys
import time

from ..api.current import RunParameters, current
from ..artifacts import manifest as artifacts
from ..artifacts.manifest import Manifest
from ..contract import address, identity, record
from ..contract.errors import ShimError
from ..contract.graph import Graph, attributes_of
from ..contract.lineage import Lineage
from ..contract.record import Outcome, Record
from ..contract.semantics import container_variables, environment_variables
from ..user_code import flowspec
from ..user_code.flowspec import FlowSpec, State
from . import memory, user_step
from .attempt import Attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

OK = 0


def run_task(task: Attempt) -> Optional[Outcome]:
    """Returns the outcome once the task's record exists; None if the user's code failed, which is recorded by then.

    An existing record is reported again and nothing is run, unless an operator has asked for the task since. Raises
    ShimError.
    """
    graph = task.graph
    switch = graph.kind(task.step) == "switch"
    if task.begun.is_anew:
        from ..contract.superseded import set_all_aside

        set_all_aside(task.store, graph.name, task.run)
    done = record.read(task.store, graph.name, task.run, task.step, task.path)
    if done is not None:
        if not task.start.asks_again(*done.started):
            task.report = done.summary()
            _announce(task)
            return done.outcome(switch)
        from ..contract.superseded import set_aside

        set_aside(task.store, graph.name, task.run, task.step, task.path)
    elif task.begun.resume is not None:
        from .taking_over import of_origin

        done = of_origin(task, task.begun.resume)
        if done is not None:
            task.report = done.summary()
            return done.outcome(switch)
    values = _parameters(task)
    inputs = Lineage(task.store, graph, task.run).inputs(task.step, task.path)
    if task.store.remote:
        from ..artifacts import prefetch

        prefetch.of_step(task.store, graph.name, graph.step(task.step), inputs)
    set_environment(graph.decorator(task.step, "environment"))
    started = time.time()
    flow: Optional[FlowSpec] = None
    try:
        if "FLOWC_MAX_VISITS" in os.environ:
            from .visit_limit import check

            check(task.step, task.path, os.environ)
        flow_class = task.load()
        ran_in = _noted(task, inputs) if task.store.remote and not task.environment else None
        flow = _flow_object(task, flow_class, inputs, values)
        flow_object = flow
        if task.cards is not None:
            task.cards.belongs_to(flow)
        user_step.run(task, flow, lambda: _call(task, flow_object, flow_class, inputs))
        if flow_object._flowc.over is not None and flow_object._flowc.splits is not None:
            from .foreach_limit import check_splits

            check_splits(
                task.step,
                flow_object._flowc.over,
                flow_object._flowc.splits,
                [frame["splits"] for frame in flow_object._flowc.stack],
                task.several,
            )
        manifest = _saved(flow)
    except ShimError as error:
        _note(task, error, started)
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # includes SystemExit: a step that exits has not called self.next
        from . import failure, termination

        task.exit_code = failure.exit_code(error)
        failure.print_traceback(error)
        failure.write(task.store, graph.name, task.run, task.step, task.path, task.attempt, error, started)
        termination.write(termination.describe(error, task.tries + 1, 1 + graph.retries(task.step)))
        if task.cards is not None:
            task.cards.store_failed(failure.user_traceback(error))
        return None
    state = flow._flowc
    if graph.is_gang(task.step) and state.stack:
        from ..gang import wait_for_all

        wait_for_all(
            task.store,
            graph.name,
            task.run,
            task.step,
            task.path,
            f"{task.attempt}{task.gang}",
            state.stack[-1]["splits"],
        )
    data = {
        "step": task.step, "path": task.path, "attempt": task.attempt, "started": started, "ended": time.time(),
        "next": state.next or [], "stack": state.stack, "artifacts": manifest,
        "environment": {
            "python": sys.version.split()[0], "platform": sys.platform, "code": task.code,
            "digest": task.environment or (ran_in or _noted(task, inputs)).digest(),
            **({"packages": os.environ["FLOWC_PACKAGES"]} if os.environ.get("FLOWC_PACKAGES") else {}),
        },
    }  # fmt: skip
    started_as = task.start.as_data()
    if task.shares_container and task.start.attempt != task.attempt:
        started_as["number"] = task.start.attempt
    if started_as:
        data["start"] = started_as
    if task.container is not None:
        data["container"] = task.container
    if peak := memory.peak():
        data["memory"] = peak
    if state.caught:
        data["caught"] = True
    if state.splits is not None:
        data["splits"] = state.splits
        data["over"] = state.over
        data["fixed_order"] = f"{flowspec.ITEMS}_{state.over}" in manifest
    if task.cards is not None:
        task.cards.store_drawn(manifest)
    written = record.write(task.store, graph.name, task.run, data)
    if task.cards is not None:
        task.cards.store_custom()
    _announce(task)
    return written.outcome(switch)


def _announce(task: Attempt) -> None:
    if os.environ.get("FLOWC_ANNOUNCE"):
        from .announce import announce

        announce(task)


def _noted(task: Attempt, inputs: List[Record]) -> Any:
    from .environment import Noted

    return Noted(
        task.store, task.graph.name, {str((done.data.get("environment") or {}).get("digest") or "") for done in inputs}
    )


def _note(task: Attempt, error: ShimError, started: float) -> None:
    """Records the error that stopped the attempt, if the datastore still accepts it."""
    from . import failure

    try:
        failure.write(task.store, task.graph.name, task.run, task.step, task.path, task.attempt, error, started)
    except ShimError:
        pass


def _parameters(task: Attempt) -> Dict[str, Any]:
    """Returns the run's parameters by name. The first step fixes them in run.json."""
    graph = task.graph
    if not task.is_first or task.given is None or task.begun.resume is not None:
        run = task.begun.data or record.read_run(task.store, graph.name, task.run)
        if run is None:
            raise ShimError(f"run {task.run!r} of flow {graph.name} has not begun: its first step writes run.json")
        task.run_data = run
        values: Dict[str, Any] = run["parameters"]
        return values
    from ..contract import parameters
    from ..local import gc_handshake

    values = parameters.convert(graph.flow["parameters"], task.given)
    data = {
        "flow": graph.name,
        "run": task.run,
        "parameters": values,
        "code": task.code,
        "target": task.target,
        "started": time.time(),
    }
    data.update(
        {"script": graph.flow["file"], **identity.of_run(graph.name, task.target), **_project_tags(graph), **task.extra}
    )
    data.update(_owner(task))
    if os.environ.get("FLOWC_TRIGGER"):
        from .triggers import decoded

        if events := decoded(os.environ["FLOWC_TRIGGER"]):
            data["trigger"] = events
    if task.begun.ahead is not None:
        data.update(task.begun.ahead)
        task.run_data = _complete(task, data)
    elif task.begun.is_asked and task.begun.data is not None:
        task.run_data = _begin_again(task, task.begun.data, data)
    else:
        task.run_data = record.start_run(task.store, graph.name, task.run, data)
    gc_handshake.wait(task.store, graph.name)
    return values


def _owner(task: Attempt) -> Dict[str, Any]:
    """Returns the part of run.json about the engine's run and the start that wrote it."""
    start = {
        "step": task.step,
        **task.start.as_data(),
        **({"number": task.start.attempt} if task.start.attempt else {}),
    }
    return {"owner": task.start.owner, "start": start} if task.start.owner else {}


def _complete(task: Attempt, data: Dict[str, Any]) -> Dict[str, Any]:
    """Writes run.json in place of that which whoever started the run has written ahead of it."""
    text = record.dumps({"version": record.VERSION, **data})
    task.store.put(address.run_record_name(task.graph.name, task.run), text)
    return record.loads(text, "run.json")


def _begin_again(task: Attempt, before: Dict[str, Any], data: Dict[str, Any]) -> Dict[str, Any]:
    """Returns run.json after an operator asked for the first task again. It changes only with code or parameters."""
    from ..contract import superseded

    text = record.dumps({"version": record.VERSION, **data})
    run_data = record.loads(text, "run.json")
    if not task.begun.is_anew and all(run_data[name] == before.get(name) for name in ("code", "parameters")):
        return before
    superseded.keep_run(task.store, task.graph.name, task.run, before)
    task.store.put(address.run_record_name(task.graph.name, task.run), text)
    return run_data


def _project_tags(graph: Graph) -> Dict[str, Any]:
    project_attributes = attributes_of(graph.flow["decorators"], "project")
    if project_attributes is None:
        return {}
    from ..contract import project

    return project.tags(project_attributes, graph.name, identity.user_name())


def set_environment(decorator: Optional[Dict[str, Any]]) -> None:
    """Applies `@environment` before user code is imported.

    The engine's own copy, which may be of a later deployment, wins.
    """
    own = {**environment_variables(decorator), **container_variables(decorator, os.environ)}
    encoded = os.environ.get("FLOWC_ENVIRONMENT")
    if encoded:
        from ..contract.parameters import decode

        own.update(decode(encoded))
    os.environ.update({name: str(value) for name, value in own.items()})


def _flow_object(task: Attempt, flow_class: type[FlowSpec], inputs: List[Record], values: Dict[str, Any]) -> FlowSpec:
    graph = task.graph
    declared = graph.flow["parameters"]
    configs = graph.flow.get("configs", ())
    constants = flowspec.constants(flow_class)
    fixed = frozenset(
        [
            *(declaration["attribute"] for declaration in (*declared, *configs)),
            *(constant["name"] for constant in graph.flow["constants"]),
            *constants,
        ]
    )
    joins = len(inputs) > 0 and _closes(task) is not None
    state = State(task.store, graph.name, task.step, {}, _stack(task, inputs), fixed)
    state.is_join, state.targets, state.graph, state.is_first = joins, graph.targets(task.step), graph, task.is_first
    if task.is_first:
        fixed_values = {**_declared_constants(task, flow_class), **constants}
        state.manifest = _first_manifest(task, fixed_values, values, flow_class)
    elif joins:
        state.manifest = {name: entry for name, entry in inputs[0].artifacts.items() if name in fixed}
    else:
        state.manifest = dict(inputs[0].artifacts)
    current._set(
        flow_name=graph.name, run_id=task.run, step_name=task.step, task_id=address.task_id(task.step, task.path),
        retry_count=task.tries,
        origin_run_id=task.extra.get("origin") or task.run_data.get("origin"),
        namespace=task.run_data.get("namespace"), username=identity.user_name(),
        tags=set(task.run_data.get("tags") or ()),
        parameters=RunParameters(_in_steps(declared, values, flow_class, task.graph.folder)),
        parameter_names=sorted(declaration["attribute"] for declaration in (*declared, *configs)),
        **_by_decorator(task),
    )  # fmt: skip
    current._graph = graph
    return flowspec.prepare(flow_class, state)


def _by_decorator(task: Attempt) -> Dict[str, Any]:
    """Returns the parts of `current` that exist only with a decorator."""
    facts: Dict[str, Any] = {}
    graph = task.graph
    cards = [
        decorator["attributes"] for decorator in graph.step(task.step)["decorators"] if decorator["name"] == "card"
    ]
    if graph.has_extensions(task.step):
        from ..extensions.of_task import cards as more_cards

        cards += more_cards(graph.step(task.step)["decorators"])
    if cards:
        from ..cards.of_task import CardsOfTask

        task.cards = CardsOfTask(task, cards)
        facts["card"] = task.cards.collector
    if graph.is_gang(task.step):
        facts["is_parallel"] = True
    if task.run_data.get("trigger"):
        from ..client.trigger import Trigger

        facts["trigger"] = Trigger.of_run(task.run_data)
    project = attributes_of(graph.flow["decorators"], "project")
    if project is not None:
        from ..contract.project import place

        facts.update(place(project, graph.name, identity.user_name()))
    return facts


def _declared_constants(task: Attempt, flow_class: type[FlowSpec]) -> Dict[str, Any]:
    return {
        constant["name"]: getattr(flow_class, constant["name"])
        for constant in task.graph.flow["constants"]
        if hasattr(flow_class, constant["name"])
    }


def _first_manifest(
    task: Attempt, constants: Dict[str, Any], values: Dict[str, Any], flow_class: type[FlowSpec]
) -> Manifest:
    initial = dict(constants)
    initial.update(_in_steps(task.graph.flow["parameters"], values, flow_class, task.graph.folder))
    if task.graph.flow.get("configs"):
        from .. import config

        configs = config.of_flow(task.graph.flow)
        initial.update(
            {
                declaration["attribute"]: config.as_artifact(configs[declaration["name"]])
                for declaration in task.graph.flow["configs"]
            }
        )
    for parameter in task.graph.flow["parameters"]:
        if parameter["type"] == "file":
            from ..contract.included_file import content

            initial[parameter["attribute"]] = content(
                parameter, values.get(parameter["name"]), task.store, task.graph.name, task.graph.folder
            )
    try:
        return artifacts.save_all(task.store, task.graph.name, initial, {})
    except artifacts.Unpicklable as error:
        from ..exceptions import UnpicklableArtifactException

        raise UnpicklableArtifactException(str(error)) from error


def _in_steps(
    declared: List[Dict[str, Any]], values: Dict[str, Any], flow_class: type[FlowSpec], folder: str
) -> Dict[str, Any]:
    """Returns the values as steps see them, without files, whose content exists only as an artifact."""
    if not declared:
        return {}
    from ..contract.parameters import in_step

    return {
        parameter["attribute"]: in_step(
            parameter,
            values.get(parameter["name"]),
            getattr(getattr(flow_class, parameter["attribute"], None), "convert", None),
            folder,
        )
        for parameter in declared
        if parameter["type"] != "file"
    }


def _closes(task: Attempt) -> Optional[Dict[str, Any]]:
    """Returns the graph's node that the task's step joins."""
    return task.graph.closes.get(task.step) if not address.visit(task.path) else None


def _stack(task: Attempt, inputs: List[Record]) -> List[Dict[str, Any]]:
    """Returns the open foreaches.

    They are those of the input, without the one that a join closes, and with the one that the input opened.
    """
    if not inputs:
        return []
    first = inputs[0]
    stack = list(first.stack)
    node = _closes(task)
    if node is not None:
        return stack if node["kind"] == "branches" else stack[:-1]
    if first.splits is not None and first.step != task.step:
        index = address.indices(task.path)[-1]
        stack.append(
            {
                "step": first.step,
                "over": first.data.get("over"),
                "index": index,
                "splits": first.splits,
                "fixed_order": first.data.get("fixed_order", False),
            }
        )
    return stack


def _call(task: Attempt, flow: FlowSpec, flow_class: type[FlowSpec], inputs: List[Record]) -> None:
    """Runs the step's method within the user's own decorators."""
    function = getattr(flow_class, task.step)
    joined_inputs = None
    if flow._flowc.is_join or (task.graph.step(task.step)["is_join"] and inputs):
        from ..artifacts import prefetch
        from ..user_code.inputs import Inputs

        ahead = prefetch.OfJoin(task.store, task.graph.name, task.graph.step(task.step).get("reads"), inputs)
        joined_inputs = Inputs([_input(task, flow_class, flow, done) for done in inputs], ahead.come_to)
    method = getattr(flow, task.step)
    wrappers = getattr(function, "wrappers", None)
    if any(item["kind"] == "plugin" for item in task.graph.flow.get("inputs", ())):
        from ..user_code.plugins import around

        wrappers = [*(wrappers or ()), *around(task.graph, task.step)]
    if not wrappers:
        method() if joined_inputs is None else method(joined_inputs)
        return
    from ..user_code.user_decorators import run

    instead, arguments = run(
        task.step, flow, wrappers, method if joined_inputs is None else lambda: method(joined_inputs), joined_inputs
    )
    if instead:
        from . import transitions

        transitions.go_on(task.graph, flow, arguments)


def _input(task: Attempt, flow_class: type[FlowSpec], flow: FlowSpec, one: Record) -> FlowSpec:
    """Returns a branch's flow object, for `inputs` of a join."""
    state = State(task.store, task.graph.name, one.step, one.artifacts, one.stack, flow._flowc.fixed)
    state.graph = task.graph
    return flowspec.prepare(flow_class, state, is_input=True)


def _saved(flow: FlowSpec) -> Manifest:
    try:
        return flowspec.saved(flow)
    except artifacts.Unpicklable as error:
        from ..exceptions import UnpicklableArtifactException

        raise UnpicklableArtifactException(str(error)) from error

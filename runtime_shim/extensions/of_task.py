"""What decorators of extensions do around a step in its task. Start reading at `run`."""

from __future__ import annotations

import os
import sys

from ..api import running
from ..contract import address
from ..contract.decorator_names import IN_TASK
from ..contract.extension_settings import (
    CheckpointSettings,
    GangSettings,
    GpuProfileSettings,
    HuggingfaceSettings,
    ModelSettings,
    has_gpu_card,
    slots,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

    from ..task.attempt import Attempt
    from ..user_code.flowspec import FlowSpec
    from .checkpoints import Place
    from .nodes import Gang

_RAY = ("metaflow_ray", "ray_parallel")
_TENSORFLOW = ("tensorflow", "tensorflow_parallel")
_TORCHRUN = ("torchrun", "torchrun_parallel")


def run(task: Attempt, flow: FlowSpec, call: Callable[[], None]) -> None:
    """Calls the step with what its decorators give it. Its exceptions propagate."""
    attributes = {
        decorator["name"]: decorator["attributes"]
        for decorator in task.graph.step(task.step)["decorators"]
        if decorator["name"] in IN_TASK
    }
    ends: List[Callable[[], None]] = []
    try:
        _begin(task, flow, attributes, ends)
        _call(task, flow, attributes, call)
    finally:
        for end in reversed(ends):
            try:
                end()
            except OSError as error:  # a temporary folder that cannot be deleted never fails the step
                print(f"flowc: {error}", file=sys.stderr)


def _begin(
    task: Attempt, flow: FlowSpec, attributes: Dict[str, Dict[str, Any]], ends: List[Callable[[], None]]
) -> None:
    """Sets the parts of `current`. Adds to `ends` what must be called when the step has ended."""
    if "checkpoint" in attributes or "huggingface_hub" in attributes:
        place = _place(task, flow)
        if "checkpoint" in attributes:
            _checkpoint(place, CheckpointSettings(attributes["checkpoint"]), ends)
        if "huggingface_hub" in attributes:
            from .huggingface import CurrentHuggingfaceHub

            hub_settings = HuggingfaceSettings(attributes["huggingface_hub"])
            hub = CurrentHuggingfaceHub(place, hub_settings.cache_scope, hub_settings.folder)
            ends.append(hub.loaded.cleanup)
            hub.load_all(hub_settings.load)
            running.facts["huggingface_hub"] = hub
    if "model" in attributes:
        from .model import CurrentModel, LoadedModels

        settings = ModelSettings(attributes["model"])
        loaded = LoadedModels(task.store, settings.folder)
        ends.append(loaded.cleanup_all)
        loaded.load_all(flow, settings.load, not settings.is_required)
        pathspec = "/".join((task.graph.name, task.run, task.step, address.task_id(task.step, task.path)))
        running.facts["model"] = CurrentModel(task.store, pathspec, task.attempt, loaded)


def _checkpoint(place: Place, settings: CheckpointSettings, ends: List[Callable[[], None]]) -> None:
    from . import checkpoint, commands

    current = checkpoint.CurrentCheckpoint(place, settings.folder)
    ends.append(current.cleanup)
    checkpoint.activate(place)
    ends.append(lambda: checkpoint.activate(None))
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = commands.python_path()  # so that scripts which the step starts can save too
    ends.append(lambda: _set("PYTHONPATH", before))
    current.load_first(settings.load_policy)
    running.facts["checkpoint"] = current


def _place(task: Attempt, flow: FlowSpec) -> Place:
    """Returns the place of the task's checkpoints. All nodes of a gang have that of node 0."""
    from . import checkpoints

    is_gang = task.graph.is_gang(task.step) and bool(flow._flowc.stack)
    path = address.child(address.parent(task.path), 0) if is_gang else task.path
    scope = checkpoints.scope_of(task.run_data.get("namespace"), task.run_data.get("tags") or ())
    identity = checkpoints.identity_of(task.step, flow.foreach_stack(), is_gang)
    return checkpoints.Place(
        task.store, task.graph.name, task.run, task.step, path, task.attempt, scope, identity
    )  # fmt: skip


def _call(task: Attempt, flow: FlowSpec, attributes: Dict[str, Dict[str, Any]], call: Callable[[], None]) -> None:
    """Calls the step within `@gpu_profile`, on those nodes of a gang that run it."""
    inner = call
    if "gpu_profile" in attributes:
        from . import gpu_profile

        profile, cards = GpuProfileSettings(attributes["gpu_profile"]), running.facts.get("card")
        pathspec = "/".join(map(str, running.address()))

        def inner() -> None:
            gpu_profile.run(flow, profile, cards, pathspec, call)

    for name in attributes:
        if task.graph.is_gang(task.step) and name in _LAUNCHERS and flow._flowc.stack:
            from .nodes import Gang

            _LAUNCHERS[name](task, flow, Gang(task, flow._flowc.stack[-1]["splits"]), attributes[name], inner)
            return
    inner()


def _torchrun(
    task: Attempt, flow: FlowSpec, gang: Gang, attributes: Dict[str, Any], call: Callable[[], None]
) -> None:  # fmt: skip
    from .torchrun import CurrentTorch

    running.facts["torch"] = CurrentTorch(gang, GangSettings(attributes, 600))
    call()


def _deepspeed(
    task: Attempt, flow: FlowSpec, gang: Gang, attributes: Dict[str, Any], call: Callable[[], None]
) -> None:  # fmt: skip
    from .deepspeed import CurrentDeepspeed

    running.facts["deepspeed"] = CurrentDeepspeed(gang, GangSettings(attributes, 600), *_slots(task))
    call()


def _mpi(
    task: Attempt, flow: FlowSpec, gang: Gang, attributes: Dict[str, Any], call: Callable[[], None]
) -> None:  # fmt: skip
    from .mpi import CurrentMPI

    running.facts["mpi"] = CurrentMPI(gang, GangSettings(attributes, 90), _slots(task)[0])
    if gang.leads:
        with gang.leading("mpi"):
            call()
    else:
        gang.wait_for_leader("mpi")
        _go_on(task, flow)


def _ray(
    task: Attempt, flow: FlowSpec, gang: Gang, attributes: Dict[str, Any], call: Callable[[], None]
) -> None:  # fmt: skip
    from . import ray

    store = task.store.url
    where = [task.graph.name, task.run, task.step, str(task.attempt)]
    running.facts["ray_storage_path"] = "/".join([store, "runtime", "ray", *map(address.encoded, where)])
    ray.run(gang, GangSettings(attributes, 300), call)
    if not gang.leads:
        _go_on(task, flow)


def _tensorflow(
    task: Attempt, flow: FlowSpec, gang: Gang, attributes: Dict[str, Any], call: Callable[[], None]
) -> None:  # fmt: skip
    from . import tensorflow

    tensorflow.set_environment(gang)
    call()


_LAUNCHERS = {
    **dict.fromkeys(_TORCHRUN, _torchrun), "deepspeed": _deepspeed, "mpi": _mpi, **dict.fromkeys(_RAY, _ray),
    **dict.fromkeys(_TENSORFLOW, _tensorflow),
}  # fmt: skip


def _go_on(task: Attempt, flow: FlowSpec) -> None:
    """Makes a node that has not run the step continue as the step would."""
    flow._flowc.next = task.graph.targets(task.step) or None


def _slots(task: Attempt) -> Tuple[int, bool]:
    """Returns how many processes a node has room for, and True if these are its GPUs, from the step's decorators."""
    return slots([task.graph.decorator(task.step, name) for name in ("kubernetes", "batch", "resources")])


def _set(name: str, value: Any) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def cards(decorators: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Returns the attributes of the cards that these decorators add to the step."""
    if any(map(has_gpu_card, decorators)):
        from .gpu_profile import CARD

        return [{"type": "blank", "id": CARD}]
    return []

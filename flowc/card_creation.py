"""Makes a card of a task that has succeeded, from its record and artifacts: `flowc card create`.

The run's code package is imported, as the task itself did: a custom card's class is in it or in a package of this
Python.
"""

from __future__ import annotations

import tempfile

from flowc.runtime_shim.artifacts import manifest
from flowc.runtime_shim.cards import custom, stored
from flowc.runtime_shim.cards.base import MetaflowCardComponent
from flowc.runtime_shim.cards.of_task import CardsOfTask
from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.contract.errors import ShimError

from .terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.contract.record import Record
    from flowc.runtime_shim.store import Store


class _Finished:
    """The facts about an attempt that its cards need."""

    def __init__(self, store: Store, graph: Graph, run: str, done: Record) -> None:
        self.store, self.graph, self.run = store, graph, run
        self.step, self.path, self.attempt = done.step, done.path, done.attempt


class _Artifacts:
    """Stands for the flow object of the task: its attributes are the artifacts, loaded on first use."""

    def __init__(self, store: Store, flow: str, done: Record) -> None:
        self._store, self._flow, self._done = store, flow, done

    def __getattr__(self, name: str) -> Any:
        entries = self._done.artifacts
        if name.startswith("__") or name not in entries:
            raise AttributeError(name)
        value = manifest.load(self._store, self._flow, name, entries[name])
        setattr(self, name, value)
        return value


class _Rendered(MetaflowCardComponent):
    """A component that was rendered before."""

    def __init__(self, output: Any) -> None:
        self._output = output
        if isinstance(output, dict) and isinstance(output.get("id"), str):
            self.component_id = output["id"]

    def render(self) -> Any:
        return self._output


def create(
    place: Datastore,
    flow: str,
    run: str,
    step: str,
    path: str,
    attributes: dict[str, Any],
    components: Sequence[Any] = (),
    mode: str = custom.RENDER,
) -> str:
    """Stores a card with the attributes of a `@card`, and returns its hash. Raises Failure, ShimError.

    `components` are what components have rendered to. The modes are those of a card's class: RENDER stores a final
    card, the others what a running task would show.
    """
    done = place.record(flow, run, step, path)
    if done is None:
        raise Failure(f"{run}/{step}/{path} has not succeeded: a card is made of a task's record")
    graph = place.graph(flow, run)
    with tempfile.TemporaryDirectory(prefix="flowc-code-") as folder:
        code_package.fetch(place.store, flow, str((place.run(flow, run) or {}).get("code", "")), folder)
        flow_object = type(flow, (_Artifacts,), _methods(folder, graph))(place.store, flow, done)
        cards = CardsOfTask(_Finished(place.store, graph, run, done), [attributes])
        (manager,) = cards.collector._managers
        where = stored.Address(flow, run, step, path, done.attempt)
        hashes = {entry.hash for entry in stored.cards_of_task(place.store, flow, run, step, path)}
        declared = sum(decorator["name"] == "card" for decorator in graph.step(step)["decorators"])
        number = next(
            candidate
            for candidate in range(declared, declared + 1000)
            if stored.card_hash(where, candidate) not in hashes
        )
        manager._spec.number = number
        cards.belongs_to(flow_object)
        manager.extend(_Rendered(component) for component in components)
        if mode == custom.RENDER:
            cards.store_drawn(done.artifacts)
            cards.store_custom()
        else:
            cards.store_live(mode)
    card = stored.card_hash(where, number)
    prefix = stored.name_of(where, attributes["type"], manager._spec.id, card)
    if not list(place.store.list(prefix)):
        raise Failure(f"no card of type `{attributes['type']}` was made; the lines above say why")
    return card


def _methods(folder: str, graph: Graph) -> dict[str, Any]:
    """Returns the steps of the flow's class, whose source a card shows; imports the run's code."""
    from flowc.runtime_shim.user_code.flow_module import load_flow

    try:
        flow_class = load_flow(folder, graph.flow, once=True)
    except ShimError:
        raise
    except Exception as error:
        raise Failure(f"the run's code cannot be imported here: {type(error).__name__}: {error}") from None
    return {step: getattr(flow_class, step) for step in graph.steps}

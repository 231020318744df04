"""Fetches the artifacts that a step may read, while its modules are imported. The compiler has found which they are.

Used only for stores that are reached over a network. Mapping a folder's content takes no time.
"""

from __future__ import annotations

from . import manifest as artifacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from ..contract.record import Record
    from ..store import Store

MOST = 1 << 30  # most bytes of content that are fetched for a step unasked
WINDOW = 16  # inputs of a join whose content is fetched ahead
_MOST_EACH = 32 << 20  # most bytes for each of them


def of_step(store: Store, flow: str, step: Dict[str, Any], inputs: List[Record]) -> None:
    """Starts to load what a step with one input may read. `step` is the IR's."""
    reads = step.get("reads")
    if store.remote and reads and len(inputs) == 1:
        manifest = inputs[0].artifacts
        store.read_ahead(artifacts.pieces(flow, (manifest[name] for name in reads if name in manifest), MOST))


class OfJoin:
    """Loads what a join may read of its inputs, shortly before the join reaches them.

    Memory then holds only a few inputs, and the network is never idle.
    """

    def __init__(self, store: Store, flow: str, reads: Optional[List[str]], inputs: List[Record]) -> None:
        self.store, self.flow, self.reads, self.inputs = store, flow, reads, inputs
        self.next = 0

    def come_to(self, index: int) -> None:
        """Notes that the step takes input `index`."""
        if not self.store.remote or not self.reads:
            return
        requests = []
        for done in self.inputs[max(self.next, index) : index + WINDOW]:
            requests += artifacts.pieces(
                self.flow, (done.artifacts[name] for name in self.reads if name in done.artifacts), _MOST_EACH
            )
        self.next = max(self.next, index + WINDOW)
        if requests:
            self.store.read_ahead(requests)

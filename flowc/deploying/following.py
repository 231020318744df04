"""The output of a run on an engine, as it comes."""

from __future__ import annotations

import sys

from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import OVER

from ..commands.logs import Shown
from ..datastore import Pathspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.targets.operating import EngineRun

    from ..terminal import Output


class Followed:
    """The logs of one run, and how far they have been printed."""

    def __init__(self, place: Datastore, run: EngineRun, out: Output) -> None:
        self._shown = Shown(place, Pathspec(run.flow, run.id, "", ""), ["stdout", "stderr"], False, out)

    def more(self, run: EngineRun) -> None:
        """Prints what is new; the rest of incomplete lines once the run is over."""
        try:
            self._shown.more(ended=run.state in OVER)
        except ShimError:  # the run has not begun, or the datastore does not answer: the next look shows it
            return
        sys.stdout.flush()

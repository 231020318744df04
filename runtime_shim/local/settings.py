"""The settings and the result of a supervisor (`supervisor.py`)."""

from __future__ import annotations

from typing import Callable, List, Mapping, Optional

from .running import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..container.journal import Journal
    from .admission import Admission
    from .other_python import Environment
    from .part import Part
    from .reuse import Policy

OnEvent = Callable[[str, Optional[Task], str], None]

OVERTIME = 60.0  # seconds after `@timeout` after which a process that ignored it is killed, as on the engines


class Settings:
    """The settings of a run on this machine."""

    def __init__(
        self, max_workers: int = 16, max_splits: int = 0, isolation: str = "auto", reuse: Optional[Policy] = None,
        tick: float = 0, overtime: float = OVERTIME, environments: Optional[Mapping[str, Environment]] = None,
        container: Optional[InContainer] = None,
    ) -> None:  # fmt: skip
        self.environments = environments or {}  # step → where its tasks run, for those that have an environment
        self.max_workers = max_workers
        self.max_splits = max_splits  # most items of a foreach; 0 for no limit
        self.isolation = isolation  # one of warm.ISOLATIONS
        self.reuse = reuse  # takes over tasks that other runs have done
        self.tick = tick  # seconds between two `tick` events; 0 for none
        self.overtime = overtime
        self.container = container  # in a container, which runs a part of the flow


class InContainer:
    """What differs in a container: it runs a part of the flow, counts attempts that it lost, and waits between them."""

    def __init__(
        self, part: Part, admission: Admission, journal: Journal, known: bool, folder: str, waits: bool = True
    ) -> None:  # fmt: skip
        self.part, self.admission, self.journal = part, admission, journal
        self.known = known  # tasks may have records already
        self.waits = waits  # between two attempts, as `@retry` asks; not in a run on somebody's machine
        self.folder = folder  # a private one, in which tasks leave the line for the engine


class Result:
    """The outcome of a run."""

    def __init__(self) -> None:
        self.failed: List[Task] = []
        self.stopped = False
        self.import_failed = False
        self.reason = ""  # the line for the engine about the first task that has failed for good

    @property
    def succeeded(self) -> bool:
        return not self.failed and not self.stopped and not self.import_failed

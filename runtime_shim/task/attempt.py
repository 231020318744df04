"""`Attempt`: the known facts about one attempt at one task before it runs."""

from __future__ import annotations

from ..contract import address
from ..contract.start import Start
from .beginning import Beginning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional

    from ..container.arguments import Several
    from ..contract.graph import Graph
    from ..store import Store
    from ..user_code.flowspec import FlowSpec

USER_FAILED = 1  # the exit code of a task whose step failed, unless it requests a different one


class Attempt:
    """One attempt at one task."""

    def __init__(
        self, store: Store, graph: Graph, run: str, step: str, path: str, attempt: int, code: str, target: str,
        parameters: Optional[Mapping[str, Any]], load: Callable[[], type[FlowSpec]], extra: Optional[Mapping[str,
        Any]] = None, gang: str = "",
        environment: str = "", start: Optional[Start] = None, begun: Optional[Beginning] = None,
        tries: Optional[int] = None,
    ) -> None:  # fmt: skip
        self.store, self.graph, self.run, self.step, self.path = store, graph, run, step, address.checked(path)
        self.attempt = attempt  # its number in the datastore
        self.start = start or Start(attempt)
        self.begun = begun or Beginning()
        self._tries = tries  # if it differs from the container's, which runs several tasks
        self.several: Optional[Several] = None  # the chunks of the foreach that the task makes
        self.container: Optional[List[str]] = None  # step and path of the container, if it runs several tasks
        self.report = ""  # why nothing was run, if so
        self.exit_code = USER_FAILED  # the container's, once the user's code has failed
        self.code = code  # digest of the code package
        self.target = target  # for run.json
        # parameters from the engine, for the first step only; None if run.json exists already
        self.given = parameters
        self.load = load  # imports the flow's class; called once its environment is set
        self.extra = extra or {}  # more of run.json
        self.run_data: Dict[str, Any] = {}  # run.json, once it has been read or written
        self.gang = gang  # distinguishes this try of a gang, where the attempt's number alone does not
        self.cards: Any = None  # CardsOfTask, if the step has `@card`
        self.environment = environment  # digest of the environment, if whoever starts the task has already written it
        graph.step(step)

    @property
    def tries(self) -> int:
        """The number that `@retry` and `current.retry_count` use: attempts since somebody last asked for the task."""
        return self.start.tries if self._tries is None else self._tries

    @property
    def shares_container(self) -> bool:
        """True if the container runs other tasks too, and `start` is the container's."""
        return self._tries is not None

    @property
    def is_first(self) -> bool:
        return self.step == self.graph.start and not address.visit(self.path)

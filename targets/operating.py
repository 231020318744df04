"""The interface of an engine that flowc deploys to.

A target that flowc can deploy to has a module `operate.py` beside its `emit.py`:

    SETTINGS            the settings of a context that say where the engine is (`Setting`)
    connect(settings)   returns the `Engine` there; the engine's client is imported here and nowhere else
    shim_url(files)     optional: the URL of the shim that tasks of the spec fetch from the datastore, or ""

The commands know no engine. They make a plan of `Change`s, show it, and apply exactly these. The words are the same for
all engines: a *deployment* is one flow under one name; a *run* is one run of it; a *mark* is what flowc writes on each
object to know it again. An engine without a gesture raises EngineError that says why and what to do instead.

Each method may be cut off at any moment and called again: it finds what is done and does the rest.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Protocol

    from .target import SpecFile

    class Operator(Protocol):
        """The module `operate.py` of a target."""

        SETTINGS: tuple[Setting, ...]

        def connect(self, settings: Mapping[str, str]) -> Engine:
            """Returns the engine that the settings describe. Raises EngineError, without having changed anything.

            `settings` holds values of SETTINGS and the target's compile options, such as `namespace`; missing ones are
            absent.
            """

    class Engine(Protocol):
        """An engine that flowc is connected to. Every method raises EngineError."""

        where: Mapping[str, str]  # the place, for people and for records: {"cluster": …, "namespace": …}
        keeps_runs: bool  # a run that has begun goes on when its deployment is deleted

        def user(self) -> str:
            """Returns the identity that the engine takes flowc for; "" if it does not tell."""

        def missing_permissions(self, verbs: Sequence[str]) -> tuple[str, ...]:
            """Returns the permissions that the verbs need and this identity lacks, in the engine's words.

            `verbs` are names of commands: "deploy", "trigger", "status", "terminate", "delete", "pause".
            """

        def changes(self, wanted: Wanted, last: Sequence[SpecFile]) -> tuple[Change, ...]:
            """Returns what deploying `wanted` would do, in the order of doing it; the engine has validated all of it.

            `last` holds the files that were deployed last, by which drift is told from a change; empty if unknown.
            Objects that need no change are there, too (SAME). Writes nothing.
            """

        def removal(self, name: str, records: str) -> tuple[Change, ...]:
            """Returns what deleting the deployment would do."""

        def apply(self, change: Change) -> None:
            """Does it. Raises EngineError with `is_outdated` if the object is not as it was when this was planned."""

        def settle(self, wanted: Wanted, seconds: float) -> None:
            """Waits until runs that start now are of this deployment."""

        def deployed(self, name: str) -> Deployed | None:
            """Returns what the engine has under the name, or None. It may be somebody else's (`records`)."""

        def deployments(self) -> tuple[Deployed, ...]:
            """Returns everything here that flowc has deployed."""

        def pause(self, name: str, paused: bool) -> bool:
            """Stops or resumes the schedule. Returns False if that was so already."""

        def trigger(self, start: Start) -> EngineRun:
            """Starts a run. A start with the same `request` returns the run that is there.

            If the start has a `begin`, calls it with the run (its `id` and `owner` count) before any task of it can
            start; also for a run that is there, since an earlier call may have been cut off before.
            """

        def run(self, name: str) -> EngineRun | None:
            """Returns the run that flowc or the engine calls so, with its tasks, or None."""

        def runs(self, name: str, under_way: bool = False) -> tuple[EngineRun, ...]:
            """Returns the runs of the deployment without their tasks, newest first; only those under way if asked.

            It must be cheap for thousands of runs. So a terminated run may count as failed, and a suspended one as
            running; `run` tells.
            """

        def terminate(self, run: EngineRun, graceful: bool) -> bool:
            """Ends the run. Returns False if it had ended."""

        def suspend(self, run: EngineRun, suspended: bool) -> bool:
            """Holds back new tasks of the run, or lets them go. Returns False if that was so already."""

        def retry(self, run: EngineRun) -> None:
            """Lets the engine go on with the failed run itself, by the gesture that it has for this.

            Done tasks stay done. Raises EngineError with the reason if the engine does not (or no longer) offer it.
            """

        def logs(self, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
            """Yields the output of each task that the engine still has."""

        def findings(self, options: Mapping[str, str]) -> Iterator[Finding]:
            """Yields what it has examined of the place, for `flowc doctor`: each thing that deploys and runs need.

            `options` are those of a compile for this place, the target's own too. It is asked even if most of the place
            is missing: a question that cannot be answered is a finding, not an EngineError.
            """


class EngineError(Exception):
    """A refusal or failure of an engine. `hint` says what to do, or is ""."""

    def __init__(self, message: str, hint: str = "", is_outdated: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.is_outdated = message, hint, is_outdated


@record
class Setting:
    """A setting that says where an engine is. It is also an option: `--NAME VALUE`."""

    name: str
    help: str
    value: str = "NAME"  # for help


@record
class Wanted:
    """A deployment as it should be."""

    name: str  # of the deployed object
    flow: str
    code: str  # "sha256:…"
    files: tuple[SpecFile, ...]
    records: str  # URL of the folder with the deployment's records: the mark
    starts_paused: bool = False  # a schedule that is new starts paused
    keep_drift: bool = False  # leave what others have changed
    take_over: bool = False


ADD, CHANGE, DELETE, SAME = "add", "change", "delete", "same"


@record
class Field:
    """A field that a change gives a different value. An absent one is None."""

    path: str  # "spec.templates[fit].container.image"
    before: Any
    after: Any


@record
class Drift:
    """A field that is not as it was deployed."""

    path: str
    deployed: Any
    live: Any
    by: str  # who or what changed it; "" if unknown
    at: str  # when, in ISO 8601; "" if unknown


@record
class Change:
    """What a plan does to one object of the engine."""

    op: str  # ADD, CHANGE, DELETE or SAME
    kind: str  # in the engine's words: "CronWorkflow"
    name: str
    fields: tuple[Field, ...] = ()
    drift: tuple[Drift, ...] = ()
    note: str = ""  # the effect, for people: "@schedule was removed: it stops firing"
    owner: str = ""  # who owns the object, if not this deployment: only `--take-over` may touch it
    handle: Any = None  # the engine's own


@record
class Parameter:
    name: str
    required: bool
    choices: tuple[str, ...] = ()


@record
class Deployed:
    """A deployment as the engine has it."""

    name: str
    flow: str
    code: str
    records: str  # the mark; "" if somebody else deployed it
    store: str = ""  # the tasks' datastore
    schedule: str = ""
    paused: bool = False
    parameters: tuple[Parameter, ...] = ()
    changed: float = 0.0  # when, in seconds since 1970; 0 if unknown
    url: str = ""  # a page of the engine's


@record
class Start:
    """An order to start a run."""

    deployed: Deployed
    parameters: tuple[tuple[str, str], ...]
    request: str = ""  # the same text starts a run once; "" for a new run each time
    by: str = ""
    begin: Callable[[EngineRun], None] | None = None  # called before the first task can start


PENDING, RUNNING, SUSPENDED = "pending", "running", "suspended"
SUCCEEDED, FAILED, TERMINATED, TIMED_OUT = "succeeded", "failed", "terminated", "timed-out"
STATES = {  # the same for all engines
    PENDING: "the engine has accepted it, and has not begun",
    RUNNING: "tasks run, or wait for others",
    SUSPENDED: "somebody holds back its new tasks",
    SUCCEEDED: "all tasks are done",
    FAILED: "a task has failed for good",
    TERMINATED: "somebody has ended it",
    TIMED_OUT: "it took longer than it may",
}
OVER = (SUCCEEDED, FAILED, TERMINATED, TIMED_OUT)


@record
class EngineTask:
    """A task of a run, as the engine has it."""

    step: str
    path: str
    state: str  # one of STATES
    message: str = ""
    attempt: int = 0
    name: str = ""  # the engine's
    started: float = 0.0  # seconds since 1970; 0 if unknown, or not yet
    ended: float = 0.0


@record
class EngineRun:
    """A run, as the engine has it."""

    id: str  # flowc's
    name: str  # the engine's
    flow: str
    deployment: str
    state: str  # one of STATES
    message: str = ""
    started: float = 0.0
    ended: float = 0.0
    tasks: tuple[EngineTask, ...] | None = ()  # None: the engine keeps them elsewhere
    url: str = ""
    existed: bool = False  # an earlier order started it
    owner: str = ""  # the text that tasks of this run get as FLOWC_OWNER; "" if unknown
    handle: Any = None  # the engine's own


FINE, MISSING, UNKNOWN = "fine", "missing", "unknown"


@record
class Finding:
    """One thing that a place must have, as `flowc doctor` shows it."""

    state: str  # FINE, MISSING, or UNKNOWN if it cannot be told from here
    what: str  # "service account `flow-runner`"
    text: str = ""  # what was found, or what fails without it
    remedy: str = ""  # a command, or a manifest of several lines, that provides it


def operator(name: str) -> Operator | None:
    """Imports and returns the `operate` module of the target, or None if it has none.

    `connect` imports the client of the engine later. Raises KeyError for an unknown name.
    """
    import os
    from importlib import import_module

    from .target import folder, names

    if name not in names():
        raise KeyError(name)
    if not os.path.exists(os.path.join(os.path.dirname(__file__), folder(name), "operate.py")):
        return None
    return import_module(f"flowc.targets.{folder(name)}.operate")

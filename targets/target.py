"""The interface of a target, and the functions that find one by its name.

A target is a folder here, a package, with four modules:

    about.py        its names, for help and messages that do not load the target (`About`)
    emit.py         its options, what it refuses, and the spec (`Emitter`)
    deployment.py   the objects that the engine gets, by name (`Deployer`)
    validate.py     the problems that an engine would find in a spec (`Validator`)

and, if flowc can deploy to its engine, a fifth:

    operate.py      what flowc does with the engine itself (`operating.py`)

It may have a folder `explanations`, with a page for each diagnostic of its own. Its templates are in
`templates/FOLDER`. Code that several targets share is in `targets/shared`.

Nothing else in the project names a target: the command line, `--help`, settings, `flowc validate` and `flowc explain`
find it here.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol, TypeAlias

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.compiler.optimize.containers import Container
    from flowc.compiler.report.diagnostics import Diagnostic

    Emitted: TypeAlias = Callable[[], tuple["SpecFile", ...]]  # the result of `emit`, made on the first call

    class About(Protocol):
        """Constants only: help and messages must not cost the import of a target."""

        ENGINE: str  # what people call the engine: "Argo"
        PRODUCT: str  # its full name: "Argo Workflows"
        METAFLOW_COMMAND: str  # Metaflow's command for it, for which flowc suggests its own; "" for none
        START_SECONDS: float  # from the end of a task to the start of the next in its container, until a profile tells
        # kind of a step's transition, or "loop" → state transitions that the engine counts for it; {}: it counts none
        TRANSITIONS: dict[str, int]

    class Emitter(Protocol):
        """Pure functions: the same flow and options give the same result; nothing is read or kept."""

        NAME: str  # as on the command line: "step-functions" for the folder step_functions
        OPTIONS: tuple[Option, ...]  # command-line options that only this target has
        HONOURED: frozenset[str]  # the decorators that the spec carries out; FLOW501 refuses others

        def check(self, flow: Flow, options: Options) -> Iterator[Diagnostic]:
            """Yields a diagnostic for each part of the flow that the target cannot run.

            They are those of `shared.refusals.unsupported`, and those with the target's own codes.
            """

        def check_spec(self, flow: Flow, options: Options, spec: Emitted) -> Iterator[Diagnostic]:
            """Yields the problems of the spec as a whole, such as its size, for a flow that `check` has not refused.

            Emitting takes time, so call `spec` only if its result may have a problem.
            """

        def emit(self, flow: Flow, scope: Scope, options: Options) -> tuple[SpecFile, ...]:
            """Returns the spec of a flow that `check` has not refused; `scope` is its outermost one."""

        # An emitter that can run some flows only if several tasks share a container also has
        # `needs_containers(flow, options)`. It yields each step whose loop, or the items of whose foreach, must share
        # containers, with the reason, one sentence without a full stop. It may get options that `check` refuses.

        def prerequisites(self, options: Options) -> Iterator[str]:
            """Yields a sentence for each thing that must be in place before a run, beside the code package."""

    class Deployer(Protocol):
        def deployment(self, flow: Flow, options: Options) -> Deployment:
            """Returns the objects that the engine gets of the spec; pure."""

        def removal(self, item: str) -> tuple[str, str, str]:
            """Returns what, why and how, for an item of a deployment that a later spec no longer has."""

    class Validator(Protocol):
        def recognises(self, name: str, text: str) -> bool:
            """Returns True for a file that is a spec of this target."""

        def validate(self, name: str, text: str) -> Iterator[Finding]:
            """Yields every problem that an engine would find; needs no engine."""


@record
class Option:
    """A command-line option of one target: `--NAME VALUE`."""

    name: str  # without the dashes
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()  # empty: any text


IMAGE = "python:3.12-slim"  # the default


@record
class Options:
    """The options of a compile."""

    code: str  # digest of the code package, "sha256:…"
    store: str = ""  # URL of the datastore; never empty in `emit`
    image: str = IMAGE  # image of steps that name none
    runtime: str = "inject"  # "inject": an init container brings the shim; "baked": the image has flowc installed
    runtime_image: str = "flowc/runtime:0.1"  # the init container's image
    deployment: str = ""  # PROJECT.BRANCH.FLOW, from which the deployed object is named; "" without `@project`
    name: str = ""  # of the deployed object; "" for a name made from the flow's
    namespace: str = ""  # Kubernetes namespace; "" to leave it to whoever applies the spec
    packages: tuple[tuple[str, str], ...] = ()  # step → its FLOWC_PACKAGES (docs/shim.md), if it has some
    images_are_complete: bool = False  # the images have the steps' packages (`--environments none`)
    # step and image that it would have → that image with the step's packages, by digest, if it was built
    images: tuple[tuple[tuple[str, str], str], ...] = ()
    # step → number of items of its foreach, if known; of containers for its items, in an optimized flow
    widths: tuple[tuple[str, int], ...] = ()
    containers: tuple[tuple[str, Container], ...] = ()  # step of an optimized flow → what its container runs
    of_target: tuple[tuple[str, str], ...] = ()  # the target's own options, every one of its OPTIONS

    def packages_of(self, step: str) -> dict[str, str]:
        """Returns the variable that names the step's packages; {} if none are delivered to it."""
        packages = dict(self.packages).get(step)
        return {"FLOWC_PACKAGES": packages} if packages else {}

    def image_of(self, step: str, own: str) -> str:
        """Returns the step's image: `own`, or that of the flow if it is empty; the one with its packages, if built."""
        image = own or self.image
        return dict(self.images).get((step, image), image)

    def container_of(self, step: str) -> Container | None:
        """Returns what the step's container runs, if that is more than the step's one task."""
        return dict(self.containers).get(step)

    def own(self, name: str) -> str:
        """Returns the value of the target's own option `name`. Raises KeyError if the target does not declare it."""
        return dict(self.of_target)[name]


@record
class SpecFile:
    """One emitted file."""

    name: str  # file name, without a folder
    text: str  # with a newline at the end


@record
class Deployment:
    """The objects that an engine gets when a spec is deployed."""

    name: str  # of the deployed object
    items: tuple[str, ...]  # "KIND NAME" of each object that stays when a later spec without it is deployed
    files: tuple[str, ...]  # every file name that a spec of this deployment may have


@record
class Finding:
    """One problem of an emitted (or hand-written) spec."""

    file: str
    place: str  # where in the file, in the way of its format: "spec.templates[2].dag", "States.start.Next", "line 12"
    message: str


def names() -> tuple[str, ...]:
    """Returns the names of all targets, sorted: the folders here that hold an `emit.py`."""
    import os

    here = os.path.dirname(__file__)
    return tuple(
        sorted(
            entry.replace("_", "-")
            for entry in os.listdir(here)
            if os.path.exists(os.path.join(here, entry, "emit.py"))
        )
    )


def about(name: str) -> About:
    """Imports and returns the `about` module of the target. Raises KeyError for an unknown name."""
    return _module(name, "about")  # type: ignore[no-any-return]


def explanations() -> tuple[tuple[str, str], ...]:
    """Returns each target that has a folder of explanations, with that folder's path."""
    import os

    here = os.path.dirname(__file__)
    folders = ((name, os.path.join(here, folder(name), "explanations")) for name in names())
    return tuple((name, path) for name, path in folders if os.path.isdir(path))


def folder(name: str) -> str:
    """Returns the name of the folder of the target."""
    return name.replace("-", "_")


def emitter(name: str) -> Emitter:
    """Imports and returns the `emit` module of the target, and of no other. Raises KeyError for an unknown name."""
    return _module(name, "emit")  # type: ignore[no-any-return]


def deployer(name: str) -> Deployer:
    """Imports and returns the `deployment` module of the target. Raises KeyError for an unknown name."""
    return _module(name, "deployment")  # type: ignore[no-any-return]


def validator(name: str) -> Validator:
    """Imports and returns the `validate` module of the target. Raises KeyError for an unknown name."""
    return _module(name, "validate")  # type: ignore[no-any-return]


def _module(name: str, part: str):  # type: ignore[no-untyped-def]
    if name not in names():
        raise KeyError(name)
    from importlib import import_module

    return import_module(f"flowc.targets.{folder(name)}.{part}")

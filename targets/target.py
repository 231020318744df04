"""What a target is, and how one is found by its name.

A target is a folder here with a module `emit.py` that has:

    NAME: str                                                    as on the command line: "step-functions" for the folder step_functions
    OPTIONS: tuple[Option, ...]                                  command-line options that only this target has
    def check(flow, options) -> Iterator[Diagnostic]             what this target cannot do of the flow (FLOW5xx); pure
    def emit(flow, scope, options) -> tuple[SpecFile, ...]       the spec; pure; only called when no check refused
    def prerequisites(options) -> Iterator[str]                  what has to be in place before a run, a sentence each; beside the code package

a module `deployment.py` that has:

    def deployment(flow, options) -> Deployment                  what the engine gets of the spec, by name; pure
    def removal(item) -> tuple[str, str, str]                    what, why and how, of an item that a spec no longer has

and a module `validate.py` that has:

    def recognises(name: str, text: str) -> bool                 is this file a spec of this target?
    def validate(name: str, text: str) -> Iterator[Finding]      every problem an engine would find, needing no engine

Nothing else in the project names a target: a new one is a folder and its templates.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.compiler.report.diagnostics import Diagnostic

    class Emitter(Protocol):
        NAME: str
        OPTIONS: tuple[Option, ...]

        def check(self, flow: Flow, options: Options) -> Iterator[Diagnostic]: ...
        def emit(self, flow: Flow, scope: Scope, options: Options) -> tuple[SpecFile, ...]: ...
        def prerequisites(self, options: Options) -> Iterator[str]: ...

    class Deployer(Protocol):
        def deployment(self, flow: Flow, options: Options) -> Deployment: ...
        def removal(self, item: str) -> tuple[str, str, str]: ...

    class Validator(Protocol):
        def recognises(self, name: str, text: str) -> bool: ...
        def validate(self, name: str, text: str) -> Iterator[Finding]: ...


@record
class Option:
    """A command-line option of one target: `--NAME VALUE`."""

    name: str  # without the dashes
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()  # empty: any text


IMAGE = "python:3.12-slim"  # where nobody names one


@record
class Options:
    """What a compile was asked for, apart from the flow."""

    code: str  # digest of the code package, "sha256:…"
    store: str = ""  # URL of the datastore; never empty in `emit`
    image: str = IMAGE  # image of steps that name none
    runtime: str = "inject"  # "inject": an init container brings the shim; "baked": the image has flowc installed
    runtime_image: str = "flowc/runtime:0.1"  # the init container's image
    deployment: str = ""  # PROJECT.BRANCH.FLOW, of which the deployed object's name is made; "" without `@project`
    name: str = ""  # what the deployed object is called; "" for a name made from the flow's
    namespace: str = ""  # Kubernetes namespace; "" to leave it to whoever applies the spec
    packages: tuple[tuple[str, str], ...] = ()  # step → its FLOWC_PACKAGES (docs/shim.md, Packages), for steps that have some
    widths: tuple[tuple[str, int], ...] = ()  # step → how many items its foreach goes over, where that is known
    of_target: tuple[tuple[str, str], ...] = ()  # the target's own options, every one of its OPTIONS

    def packages_of(self, step: str) -> dict[str, str]:
        """The variable that names the step's packages; {} where nothing is delivered to it."""
        found = dict(self.packages).get(step)
        return {"FLOWC_PACKAGES": found} if found else {}

    def own(self, name: str) -> str:
        """The value of the target's own option `name`. Raises KeyError for an option that the target does not declare."""
        return dict(self.of_target)[name]


@record
class SpecFile:
    """One emitted file."""

    name: str  # file name, without a folder
    text: str  # with a newline at the end


@record
class Deployment:
    """What an engine gets when a spec is deployed."""

    name: str  # what the deployed object is called
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
    return tuple(sorted(each.replace("_", "-") for each in os.listdir(here) if os.path.exists(os.path.join(here, each, "emit.py"))))


def emitter(name: str) -> Emitter:
    """Imports and returns the `emit` module of the target; loads no other target. Raises KeyError for an unknown name."""
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

    return import_module(f"flowc.targets.{name.replace('-', '_')}.{part}")

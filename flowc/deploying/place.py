"""The place that a command is about: a target, how to reach its engine, and the datastore."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record, replace
from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import EngineError, operator
from flowc.targets.target import emitter, names

from ..contexts import VARIABLE, chosen
from ..options import Option, Usage
from ..options import parse as parse_options
from ..settings import NONE as NO_SETTINGS
from ..settings import settings_for
from ..source_options import scan
from ..targeting import chosen as chosen_targets
from ..terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import Change, Deployed, Engine

    from ..contexts import Context
    from ..options import Arguments

    T = TypeVar("T")

ON = Option("--on", "a context of pyproject.toml", "CONTEXT", default=f"{VARIABLE}, else the default context")
OPTIONS = (
    ON,
    Option("--target", "the orchestrator, without a context", "TARGET", "-t"),
    Option("--store", "the datastore", "URL", default="that of the context, else that of the deployment"),
    Option("--namespace", "the Kubernetes namespace", "NAME", default="that of the cluster's context"),
)


@record
class Place:
    """A target's engine, as the command line and the context describe it."""

    target: str
    context: Context
    settings: dict[str, str]  # for `connect`
    store: str  # "" if only the deployment knows
    own_key: str = ""  # of records that were found by their mark

    @property
    def option(self) -> str:
        """The option that names the place in a command: `--on prod`."""
        return f"--on {self.context.name}" if self.context.name else f"--target {self.target}"

    def key(self, name: str) -> str:
        """Returns the name of the deployment's records."""
        return self.own_key or f"{self.context.name or self.target}:{name}"


def with_key(place: Place, key: str) -> Place:
    """Returns the place with the key of its records."""
    return replace(place, own_key=key)


def flow_file(argv: Sequence[str]) -> str:
    """Returns the word of the command line that names a flow's file; "" if there is none."""
    return next((word for word in argv if word.endswith((".py", ".json")) and not word.startswith("-")), "")


def context_of(argv: Sequence[str], path: str = "") -> Context:
    """Returns the context of the command line, from the pyproject.toml of the flow's file or of this folder."""
    settings = NO_SETTINGS if "--isolated" in argv else settings_for(path)
    return chosen(argv, settings.contexts, with_default=True)


def engine_options(target: str) -> tuple[Option, ...]:
    """Returns the options that say where the target's engine is. Raises Usage if flowc cannot deploy to it."""
    engine = operator(target)
    if engine is None:
        able = [name for name in names() if operator(name) is not None]
        raise Usage(
            f"flowc cannot deploy to target {target} yet",
            f"write the spec with `flowc compile`; it can deploy to {', '.join(able)}",
        )
    return tuple(Option(f"--{one.name}", one.help, one.value) for one in engine.SETTINGS)


def scanned(argv: Sequence[str], own: tuple[Option, ...]) -> tuple[Arguments, Place]:
    """Parses only these options, where others are not known yet. Raises Usage."""
    return parse(argv, own, skip=True)


def target_of(argv: Sequence[str], path: str = "") -> str:
    """Returns the target that the command line, the context or the project names. Raises Usage."""
    settings = NO_SETTINGS if "--isolated" in argv else settings_for(path)
    context = context_of(argv, path)
    targets = chosen_targets(argv) or ((context.target,) if context.target else ())
    targets = targets or tuple(name for name in settings.options.get("target", "").split(",") if name)
    if len(targets) != 1:
        raise no_target(tuple(settings.contexts))
    return targets[0]


def parse(
    argv: Sequence[str], own: tuple[Option, ...], extra: Sequence[Option] = (), skip: bool = False
) -> tuple[Arguments, Place]:
    """Parses the command line of a command about what is deployed. Raises Usage."""
    path = flow_file(argv)
    settings = NO_SETTINGS if "--isolated" in argv else settings_for(path)
    context = context_of(argv, path)
    target = target_of(argv, path)
    if context.target and context.target != target:
        raise Usage(f"context `{context.name}` is for target {context.target}", "leave out `--target`")
    options = (*own, *OPTIONS, *engine_options(target), *extra)
    arguments = scan(argv, options) if skip else parse_options(argv, options)
    defaults = {**settings.of_targets.get(target, {}), **settings.options, **context.options}
    return arguments, place_of(target, context, arguments, defaults)


def place_of(target: str, context: Context, arguments: Arguments, defaults: dict[str, str]) -> Place:
    """Returns the place; the command line comes first, then the context, then the project's settings."""
    texts = {**defaults, **context.place}
    own = [option.name for option in emitter(target).OPTIONS] + [option.name[2:] for option in engine_options(target)]
    for name in ("namespace", "store", *own):
        if arguments.text(f"--{name}"):
            texts[name] = arguments.text(f"--{name}")
    store = texts.get("store", "") or os.environ.get("FLOWC_STORE", "")
    return Place(target, context, {name: texts[name] for name in ("namespace", *own) if texts.get(name)}, store)


def no_target(contexts: tuple[str, ...]) -> Usage:
    if contexts:
        return Usage("the place is missing", f"give `--on CONTEXT`; the contexts are {', '.join(contexts)}")
    hint = "give `--target TARGET`, or add `[tool.flowc.contexts.NAME]` to pyproject.toml and give `--on NAME`"
    return Usage("the place is missing", hint)


def connect(place: Place) -> Engine:
    """Connects to the engine. Raises Failure."""
    module = operator(place.target)
    assert module is not None
    return asked(lambda: module.connect(place.settings))


def asked(question: Callable[[], T]) -> T:
    """Returns the answer of an engine or a datastore. Raises Failure, with what to do."""
    try:
        return question()
    except EngineError as error:
        raise Failure(f"{error.message}; {error.hint}" if error.hint else error.message) from None
    except ShimError as error:
        raise Failure(str(error)) from None


def open_store(url: str) -> Store:
    """Opens the datastore. Raises Failure."""
    from flowc.runtime_shim.store import open_store

    return asked(lambda: open_store(url if "://" in url else os.path.abspath(url)))


def deployed(engine: Engine, place: Place, name: str) -> Deployed:
    """Returns what is deployed under the name. Raises Failure if nothing is."""
    one = asked(lambda: engine.deployed(name))
    if one is None:
        raise Failure(f"nothing is deployed as `{name}` {shown(engine)}; `flowc deployments` lists what is")
    return one


def owned(engine: Engine, place: Place, name: str) -> Deployed:
    """Returns what is deployed under the name. Raises Failure unless flowc has deployed it."""
    one = deployed(engine, place, name)
    if not one.records:
        raise Failure(f"`{name}` was not deployed with `flowc deploy`, which can take it over: `--take-over`")
    return one


def applied(engine: Engine, change: Change) -> None:
    """Applies one change. Raises Failure."""
    asked(lambda: engine.apply(change))


def shown(engine: Engine) -> str:
    """Returns where the engine is: `in cluster prod, namespace ml`."""
    parts = [f"{name} {value}" for name, value in engine.where.items() if name not in ("uid", "server")]
    return "in " + ", ".join(parts)


def name_of(arguments: Arguments, place: Place, word: str = "") -> str:
    """Returns the deployment's name: the `word`, or from the flow's file. Raises Usage, and Refused for the flow."""
    from ..options import one_positional

    word = word or one_positional(arguments, "the deployment's name, or the flow's file,")
    if not word.endswith((".py", ".json")):
        return word
    from flowc.compiler.options.compile_inputs import CompileOptions
    from flowc.targets.target import Options, deployer

    from ..flow_source import load_flow
    from ..targeting import _place

    options = place.context.options
    inputs = CompileOptions(
        branch=arguments.text("--branch") or options.get("branch", ""),
        production=arguments.flag("--production") or "production" in options,
    )
    flow = load_flow(word, arguments.text("--flow"), options=inputs).flow
    of_project = _place(flow)
    own = tuple((option.name, option.default) for option in emitter(place.target).OPTIONS)
    name = arguments.text("--name") or options.get("name", "")
    about = Options(
        "", store="s3://flowc", deployment=of_project.flow_name if of_project else "", name=name, of_target=own
    )
    return deployer(place.target).deployment(flow, about).name


FLOW_OPTIONS = (
    Option("--flow", "the flow, if the file defines several", "NAME"),
    Option("--branch", "the branch of a flow with `@project`", "NAME"),
    Option("--production", "the production branch of a flow with `@project`"),
    Option("--name", "the name of the deployed object, if it is not that of the flow", "NAME"),
)

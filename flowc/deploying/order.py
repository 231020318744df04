"""What is to be deployed: a flow that is compiled here, or what `flowc compile` wrote to a folder."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.report.diagnostics import Refused, has_errors, without_hints
from flowc.targets.target import SpecFile, deployer

from .. import files
from ..flow_source import load_flow, placed
from ..options import Option, Usage, one_positional
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..source_options import compile_inputs
from ..targeting import OPTIONS as TARGETING
from ..targeting import compilations, package_of, problems
from ..targeting import parse as parse_targets
from ..terminal import Failure, Output
from .place import context_of, engine_options, flow_file, no_target, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.compiler.pipeline import Program

    from ..deployments import Manifest
    from ..environments.pylock import Lock
    from ..options import Arguments
    from .place import Place

OPTIONS = (
    *TARGETING,
    *SOURCE_OPTIONS,
    Option("--built", "deploy what `flowc compile -o DIR` wrote, and compile nothing", "DIR"),
    Option("--take-over", "take over objects that this deployment does not own"),
    Option("--keep-drift", "leave fields as others have changed them"),
    Option("--paused", "a new schedule starts paused"),
    Option("--json", "print the plan as JSON"),
)


@record
class Order:
    """One deployment that somebody asks for."""

    name: str  # of the deployed object
    flow: str
    code: str
    package: tuple[str, bytes] | None  # (name in the flow's folder of the datastore, content); None: it is there
    spec: tuple[SpecFile, ...]
    place: Place
    git: dict[str, Any]
    action: str = "deploy"
    path: str = ""  # the flow's file
    environments: tuple[Lock, ...] = ()  # whose archives the datastore must have


def parsed(argv: Sequence[str], own: tuple[Option, ...]) -> tuple[Arguments, Place]:
    """Parses the command line of `plan` and `deploy`. Raises Usage."""
    path = flow_file(argv)
    context = context_of(argv, path)
    target = context.target or only_target(argv, path)
    extra = engine_options(target)
    arguments, _ = parse_targets(argv, (*own, *extra), path, context)
    defaults = {name[2:]: values[-1] for name, values in arguments.given.items()}
    return arguments, place_of(target, context, arguments, defaults)


def only_target(argv: Sequence[str], path: str) -> str:
    """Returns the one target that the command line or the project names. Raises Usage."""
    from ..settings import NONE, settings_for
    from ..targeting import chosen

    settings = NONE if "--isolated" in argv else settings_for(path)
    targets = chosen(argv) or tuple(name for name in settings.options.get("target", "").split(",") if name)
    if len(targets) > 1:
        raise Usage("a deployment is for one target", f"give one of {', '.join(targets)}")
    if not targets:
        raise no_target(tuple(settings.contexts))
    return targets[0]


def order(arguments: Arguments, place: Place, out: Output) -> Order:
    """Returns what the command line asks for. Raises Refused, Usage and Failure."""
    if arguments.text("--built"):
        return _built(arguments, place)
    path = one_positional(arguments, "the flow's file")
    return of_program(loaded(path, arguments), path, arguments, place, out)


def check_git(order: Order) -> None:
    """Raises Failure unless the context deploys from the branch and the state of the files that are here."""
    context, git = order.place.context, order.git
    branch = git.get("branch", "")
    if context.git_branch and branch != context.git_branch:
        where = f"branch `{branch}`" if branch else "no branch"
        raise Failure(f"context {context.name} deploys from branch `{context.git_branch}`, and {where} is checked out")
    if context.clean and git.get("dirty", True):
        what = "the flow's files differ from the commit" if "git" in git else "the flow is in no repository of git"
        raise Failure(f"context {context.name} deploys what is committed: {what}")


def loaded(path: str, arguments: Arguments) -> Program:
    """Returns the program of the file, with the inputs of the command line. Raises Refused and Usage."""
    inputs = compile_inputs(arguments)
    return load_flow(path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), inputs)


def of_program(
    program: Program, path: str, arguments: Arguments, place: Place, out: Output,
    renamed: Callable[[str], str] | None = None,
) -> Order:  # fmt: skip
    """Returns the deployment of the program. Raises Refused, Usage and Failure.

    With `renamed`, it is a temporary one under the name that this makes of the real one, and nothing starts it by
    itself.
    """
    package = package_of(program)
    if renamed is not None:
        program = replace(program, flow=_not_started(program.flow))
    if not place.store:
        raise Usage("the datastore is missing", "give `--store URL`, or write `store` into the context")
    from flowc.targets.target import emitter

    (compiled,) = compilations(program, (emitter(place.target),), arguments, package.digest, path)
    if renamed is not None:
        name = deployer(place.target).deployment(program.flow, compiled.options).name
        compiled.options = replace(compiled.options, name=renamed(name))
    warnings = without_hints(problems(program, path, (compiled,), arguments))
    try:
        deployment = deployer(place.target).deployment(program.flow, compiled.options)
        spec = compiled.spec()
    except Refused as refused:
        raise Refused(*placed(program, path, refused.diagnostics)) from None
    if has_errors(warnings):
        raise Refused(*placed(program, path, warnings))
    out.report(*placed(program, path, warnings))
    git = _git(os.path.dirname(path), program.files)
    content = (f"code/{package.file_name}", package.compressed())
    environments: tuple[Lock, ...] = ()
    if compiled.options.packages and not compiled.options.images:
        from ..environments import locks
        from ..settings import NONE, settings_for

        settings = (NONE if arguments.flag("--isolated") else settings_for(path)).options
        environments = tuple(locks.for_platforms(program.flow, path, settings, "linux/"))
    return Order(
        deployment.name, program.flow.name, package.digest, content, spec, place, git, path=path,
        environments=environments,
    )  # fmt: skip


def _not_started(flow: Flow) -> Flow:
    """Returns the flow without what would start runs of it by itself."""
    starts = ("schedule", "trigger", "trigger_on_finish")
    return replace(flow, decorators=tuple(one for one in flow.decorators if one.name not in starts))


def _git(folder: str, names: Iterable[str]) -> dict[str, Any]:
    """Returns the commit, the branch, and whether the files differ from the commit."""
    from ..git import Checkout, branch_of

    folder = folder or "."
    about = Checkout(folder, names).found()
    branch = branch_of(folder)
    if branch:
        about["branch"] = branch
    return about


def _built(arguments: Arguments, place: Place) -> Order:
    """Returns the deployment in the folder, after its bytes have been compared with its manifest."""
    import zlib

    from flowc.runtime_shim.contract.digest import sha256

    from ..deployments import of_target

    folder = arguments.text("--built")
    manifests = of_target(folder, place.target)
    wanted = arguments.text("--name") or "".join(arguments.positional[:1])
    by_name = {
        name: manifest for name, manifest in manifests.items() if wanted in ("", name) or _is_of(manifest, wanted)
    }
    if len(by_name) != 1:
        listed = ", ".join(manifests) or "none"
        what = f"`{wanted}`" if wanted else "one deployment"
        raise Failure(f"{folder} does not hold {what} for {place.target}: it has {listed}; choose with `--name`")
    ((name, manifest),) = by_name.items()
    spec = []
    for file, digest in manifest.files:
        data = files.read(os.path.join(folder, place.target, file))
        if data is None or sha256(data).hexdigest() != digest:
            problem = "is missing" if data is None else "has been changed"
            raise Failure(f"{os.path.join(folder, place.target, file)} {problem}: run `flowc compile` again")
        spec.append(SpecFile(file, data.decode()))
    if len(manifest.codes) != 1:
        raise Failure(f"{folder} was left by a `flowc compile` that was cut off: run it again")
    (code,) = manifest.codes
    package_name = f"{code.rpartition(':')[2]}.tar.gz"
    package = files.read(os.path.join(folder, "code", package_name))
    try:
        is_whole = package is not None and sha256(zlib.decompress(package, 31)).hexdigest() == code.rpartition(":")[2]
    except zlib.error:
        is_whole = False
    if not is_whole or package is None:
        raise Failure(f"{os.path.join(folder, 'code', package_name)} is missing or damaged: run `flowc compile` again")
    if not place.store:
        raise Usage("the datastore is missing", "give the `--store` that `flowc compile` had")
    if not any(place.store in file.text for file in spec):
        raise Failure(f"{folder} was not compiled for the datastore {place.store}: give the same `--store`")
    git = _git(folder, ())
    return Order(name, manifest.flow, code, (f"code/{package_name}", package), tuple(spec), place, git)


def _is_of(manifest: Manifest, word: str) -> bool:
    """Returns True if the word is the deployment's flow, or a file with that flow."""
    if not word.endswith(".py"):
        return word == manifest.flow
    from ..commands.runs import flows_in

    return manifest.flow in flows_in(word)

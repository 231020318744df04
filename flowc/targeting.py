"""The options that say what to compile for, shared by `compile` and `check`, and what the chosen targets make of a flow."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.deploy_time_defaults import undeployable
from flowc.compiler.package.archive import BadName, Package, build
from flowc.compiler.report import judgement
from flowc.compiler.report.diagnostics import HINT, WARNING, Diagnostic, Refused, has_errors, nearest
from flowc.targets.target import Options, emitter, names

from . import options as command_line
from .flow_source import WITH, placed, placed_sources
from .formats import FOR_PEOPLE, FOR_PROGRAMS
from .options import Arguments, Option, Usage
from .said_once import said_once
from .settings import NONE, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flowc.compiler.decorators.project import Place
    from flowc.compiler.ir.nodes import Flow
    from flowc.compiler.pipeline import Program
    from flowc.targets.target import Emitter, SpecFile

STORE = "s3://flowc"  # what a spec names when no store was given
_PLACES = {
    "s3": "bucket",
    "gs": "bucket",
    "az": "container",
    "file": "folder",
}  # scheme of a datastore → what it must name

_DEFAULTS = Options("")

OPTIONS = (
    Option("--target", "what to compile for; several with commas or by repeating the option", "TARGET", "-t", repeated=True),
    Option("--store", "the datastore that tasks use: s3://BUCKET/PREFIX, gs://, az://, or a folder that every task sees", "URL", default=STORE),
    Option("--image", "the container image of steps that name none", "IMAGE", default=_DEFAULTS.image),
    Option(
        "--runtime", "how flowc reaches the container: brought by an init container, or baked into the image", "HOW",
        default=_DEFAULTS.runtime, choices=("inject", "baked"),
    ),
    Option("--runtime-image", "the init container's image", "IMAGE", default=_DEFAULTS.runtime_image),
    Option("--name", "what the deployed object is called; otherwise a name made from the flow's", "NAME"),
    Option("--namespace", "the Kubernetes namespace; otherwise that of whoever applies the spec", "NAME"),
    Option("--flow", "the flow to take, where the file defines several", "NAME"),
    WITH,
    Option("--isolated", "leave the settings of pyproject.toml out"),
)  # fmt: skip

FORMAT = Option(
    "--format", "how to write problems; what is for a program goes to standard output, alone", "FORMAT", default="text",
    choices=(*FOR_PEOPLE, *FOR_PROGRAMS),
)  # fmt: skip


def parse(argv: Sequence[str], own: tuple[Option, ...], path: str = "") -> tuple[Arguments, tuple[Emitter, ...]]:
    """Returns the command line of a command with the options `own`, and the targets that it names, in its order.

    What it leaves open is as the settings say that hold for the flow in the file `path`, by default the first that the command line names. A
    target's own options are known once the target is. Raises Usage, and Refused for settings that cannot be understood.
    """
    settings = NONE if "--isolated" in argv else settings_for(path or _first_file(argv))
    named = chosen(argv) or tuple(each for each in settings.options.get("target", "").split(",") if each)
    emitters = tuple(map(emitter, named))
    known = (*own, *of_targets(emitters))
    try:
        arguments = command_line.parse(argv, known)
    except Usage as error:
        raise _explained(error, emitters) from None
    defaults = {
        name: value for target in reversed(named) for name, value in settings.of_targets.get(target, {}).items()
    }
    given = {
        f"--{name}": (value,)
        for name, value in {**settings.options, **defaults}.items()
        if any(each.name == f"--{name}" for each in known)
    }
    return replace(arguments, given={**given, **arguments.given}), emitters


def _first_file(argv: Sequence[str]) -> str:
    """The flow's file, as far as it can be told before the options are known."""
    return next(
        (each for each in argv if each.endswith((".py", ".json")) and not command_line.looks_like_option(each)), ""
    )


def asked_format(argv: Sequence[str]) -> str:
    """Returns the value of `--format`, `text` without one: also what is wrong with the rest of a command line is said in it."""
    words = [*argv, ""]
    found = [
        words[at + 1] if word == "--format" else word.partition("=")[2]
        for at, word in enumerate(argv)
        if word.partition("=")[0] == "--format"
    ]
    return next((each for each in reversed(found) if each in FORMAT.choices), "text")


def chosen(argv: Sequence[str]) -> tuple[str, ...]:
    """Returns the targets that the words of a command line name, without repeats. Raises Usage for an unknown one."""
    found: list[str] = []
    for at, word in enumerate(argv):
        if word == "--":
            break
        name, attached = command_line.split(word) if command_line.looks_like_option(word) else ("", None)
        if name in ("--target", "-t"):
            value = attached if attached is not None else argv[at + 1] if at + 1 < len(argv) else ""
            found += [each.strip() for each in value.split(",") if each.strip()]
    known = names()
    for each in found:
        if each not in known and not each.startswith("-"):
            close = nearest(each.replace("_", "-"), known)
            raise Usage(
                f"unknown target `{each}`",
                f"did you mean `{close}`?" if close else "the targets are " + ", ".join(known),
            )
    return tuple(dict.fromkeys(each for each in found if each in known))


def of_targets(emitters: Iterable[Emitter]) -> tuple[Option, ...]:
    """The targets' own options, as options of the command line; one that several share is there once."""
    found: dict[str, Option] = {}
    for each in emitters:
        for own in each.OPTIONS:
            value = own.name.rpartition("-")[2].upper()
            found.setdefault(
                own.name, Option(f"--{own.name}", own.help, value, default=own.default, choices=own.choices)
            )
            if found[own.name].choices != own.choices:
                found[own.name] = replace(found[own.name], choices=())  # `options_for` asks each target
    return tuple(found.values())


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """For `--help`: the own options of the targets that the command line names, or of all."""
    for each in chosen(argv) or names():
        yield f"options of target {each}", of_targets((emitter(each),))


def options_for(target: Emitter, arguments: Arguments, digest: str, program: Program) -> Options:
    """Returns what the command line says to one target; `digest` is the code package's. Raises Usage for a value that it does not take."""
    where = _place(program.flow)
    if where is not None and arguments.text("--name"):
        raise Usage(
            "`--name` cannot be given for a flow with `@project`",
            f"it is deployed as `{where.flow_name}`; `--branch` chooses",
        )
    for own in target.OPTIONS:
        given = arguments.text(f"--{own.name}")
        if given and own.choices and given not in own.choices:
            raise Usage(
                f"`--{own.name}` cannot be `{given}` for target {target.NAME}", "it may be " + ", ".join(own.choices)
            )
    return Options(
        code=digest,
        store=arguments.text("--store", STORE),
        image=arguments.text("--image", _DEFAULTS.image),
        runtime=arguments.text("--runtime", _DEFAULTS.runtime),
        runtime_image=arguments.text("--runtime-image", _DEFAULTS.runtime_image),
        deployment=where.flow_name if where is not None else "",
        name=arguments.text("--name"),
        namespace=arguments.text("--namespace"),
        widths=program.widths,
        of_target=tuple((own.name, arguments.text(f"--{own.name}", own.default)) for own in target.OPTIONS),
    )


def package_of(program: Program) -> Package:
    """Returns the flow's code package. Raises Refused for a file that cannot be in one."""
    try:
        return build(program.flow, program.scope, program.files)
    except BadName as error:
        raise Refused(
            [
                Diagnostic(
                    "FLOW603",
                    str(error),
                    None,
                    why="the code package is a tar archive that every machine must unpack the same way",
                    how="rename the file",
                )
            ]
        ) from None


class Compilation:
    """What one target makes of a flow. Its spec is emitted once, when somebody first asks for it."""

    def __init__(self, target: Emitter, options: Options, program: Program) -> None:
        self.target, self.options, self._program = target, options, program
        self._spec: tuple[SpecFile, ...] | None = None

    def spec(self) -> tuple[SpecFile, ...]:
        """The target's spec of the flow. Only for a flow that the target has not refused."""
        if self._spec is None:
            self._spec = self.target.emit(self._program.flow, self._program.scope, self.options)
        return self._spec

    def problems(self) -> Iterator[Diagnostic]:
        """Yields what the target says of the flow and, if it does not refuse that, of the spec."""
        found = list(self.target.check(self._program.flow, self.options))
        yield from found
        if not has_errors(found):
            yield from self.target.check_spec(self._program.flow, self.options, self.spec)


def compilations(
    program: Program, emitters: Iterable[Emitter], arguments: Arguments, digest: str
) -> tuple[Compilation, ...]:  # fmt: skip
    """Returns what each target makes of the program; `digest` is the code package's.

    Raises Usage for the value of an option that one of the targets does not take.
    """
    return tuple(Compilation(each, options_for(each, arguments, digest, program), program) for each in emitters)


def problems(
    program: Program, path: str, compiled: Sequence[Compilation], arguments: Arguments
) -> tuple[Diagnostic, ...]:  # fmt: skip
    """Returns every warning about the flow in the file `path` and its targets. Raises Refused when a target, any, refuses the flow."""
    found = said_once((each.target.NAME, diagnostic) for each in compiled for diagnostic in each.problems())
    if compiled:
        found += (*_about_store(arguments), *_about_branch(program.flow))
    else:
        found += [replace(each, severity=WARNING) for each in undeployable(program.flow)]
    found = list(placed((*program.diagnostics, *judged(found, program, path, arguments)), path, program.places))
    if has_errors(found):
        raise Refused(found, placed_sources(program.sources, path, program.places))
    return tuple(found)


def judged(found: list[Diagnostic], program: Program, path: str, arguments: Arguments) -> list[Diagnostic]:
    """Returns what targets or a command found, less what comments and settings silence."""
    severities = {} if arguments.flag("--isolated") else settings_for(path).severities
    return judgement.judged(found, program.sources, severities, complete=False)


def _place(flow: Flow) -> Place | None:
    """Where a flow of a project is deployed; None for any other, of which nothing more is imported."""
    if not any(each.name == "project" for each in flow.decorators):
        return None
    from flowc.compiler.options.project_branch import place

    return place(flow)


def _about_branch(flow: Flow) -> Iterator[Diagnostic]:
    """FLOW605, a hint: a flow of a project that is compiled for nobody's branch in particular."""
    where = _place(flow)
    if where is not None and where.is_user_branch:
        from flowc.compiler.options.project_branch import project_of

        decorator = project_of(flow)
        what = f"no branch was given: the flow is deployed as `{where.flow_name}`"
        why = "a spec is the same whoever compiles it, so it cannot be of a branch of yours by itself"
        yield Diagnostic(
            "FLOW605", what, decorator.span if decorator else None, why, "give `--production` or `--branch NAME`", HINT
        )


def _about_store(arguments: Arguments) -> Iterator[Diagnostic]:
    """FLOW601, FLOW602: the datastore of a spec, which other machines must reach under the same name."""
    store = arguments.text("--store")
    if not store:
        why = "the datastore is part of a spec"
        yield Diagnostic(
            "FLOW601",
            f"no datastore was given: the spec names `{STORE}`",
            None,
            why,
            "give `--store s3://BUCKET/PREFIX`",
            WARNING,
        )
        return
    scheme, separator, rest = store.partition("://")
    how = "give `s3://BUCKET/PREFIX`, or a folder as `/shared/flowc`"
    if not separator:
        if not store.startswith("/"):
            why = "tasks run on other machines, in other folders"
            yield Diagnostic("FLOW602", f"the datastore `{store}` is a relative folder", None, why, how)
    elif scheme not in _PLACES:
        why = "tasks can use S3, Google Cloud Storage (`gs://`), Azure Blob Storage (`az://`) and folders"
        yield Diagnostic("FLOW602", f"a datastore cannot be at `{scheme}://`", None, why, how)
    elif not rest.strip("/"):
        yield Diagnostic(
            "FLOW602",
            f"the datastore `{store}` names no {_PLACES[scheme]}",
            None,
            why="tasks would not know where to keep artifacts",
            how=how,
        )


def _explained(error: Usage, emitters: Iterable[Emitter]) -> Usage:
    """For an option that only a target which was not chosen has, says so."""
    loaded = {each.NAME for each in emitters}
    for name in names():
        if name not in loaded:
            for own in emitter(name).OPTIONS:
                if error.message == f"unknown option `--{own.name}`":
                    return Usage(f"`--{own.name}` is an option of target {name}", f"add `--target {name}`")
    return error

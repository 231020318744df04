"""The options of targets, shared by `compile` and `check`, and the compilation of a flow for the chosen targets."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.deploy_time_defaults import undeployable
from flowc.compiler.package.archive import BadName, Package, build, check_names
from flowc.compiler.report import judgement
from flowc.compiler.report.diagnostics import HINT, WARNING, Diagnostic, Refused, has_errors, nearest
from flowc.targets.target import Options, emitter, names

from . import options as command_line
from .environments import demand
from .flow_source import FLOW, ISOLATED, PROFILE, WITH, placed
from .formats import FOR_PEOPLE, FOR_PROGRAMS
from .merged_diagnostics import merged_diagnostics
from .options import Arguments, Option, Usage
from .settings import NONE, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flowc.compiler.decorators.project import Place
    from flowc.compiler.ir.nodes import Flow
    from flowc.compiler.optimize.settings import Settings as OptimizeSettings
    from flowc.compiler.pipeline import Program
    from flowc.targets.target import Emitter, SpecFile

    from .contexts import Context
    from .images.delivery import Wish
    from .optimizing import Shared
    from .settings import Settings

STORE = "s3://flowc"  # the datastore of a spec without `--store`
_PLACES = {"s3": "bucket", "gs": "bucket", "az": "container", "file": "folder"}  # scheme → what the URL must name

_DEFAULTS = Options("")

OPTIMIZE = Option(
    "--optimize", "run several tasks per container where they have the same container, and divide wide foreaches"
)

OPTIONS = (
    Option(
        "--target", "the orchestrator to compile for; several with commas or by repeating the option", "TARGET", "-t",
        repeated=True,
    ),
    Option("--on", "a context of pyproject.toml: its target, datastore and options", "CONTEXT"),
    Option(
        "--store", "the tasks' datastore: s3://BUCKET/PREFIX, gs://, az://, or a folder that every task sees", "URL",
        default=STORE,
    ),
    Option("--image", "the container image of steps that name none", "IMAGE", default=_DEFAULTS.image),
    Option(
        "--runtime", "how flowc gets into the container: an init container copies it, or the image has it", "HOW",
        default=_DEFAULTS.runtime, choices=("inject", "baked"),
    ),
    Option("--runtime-image", "the init container's image", "IMAGE", default=_DEFAULTS.runtime_image),
    Option(
        "--environments",
        "how steps get their locked packages: from archives, in images of `flowc image`, or not at all, if their own "
        "images have them",
        "HOW", default="archive where there is a lock", choices=(demand.ARCHIVE, demand.IMAGE, demand.NONE),
    ),
    Option("--repository", "the repository of the images of `--environments image`", "NAME"),
    Option("--name", "the name of the deployed object; by default made from the flow's name", "NAME"),
    Option("--namespace", "the Kubernetes namespace; by default that of whoever applies the spec", "NAME"),
    OPTIMIZE,
    PROFILE,
    FLOW,
    WITH,
    ISOLATED,
)  # fmt: skip

FORMAT = Option(
    "--format", "the format of problems; formats for programs go to standard output, alone", "FORMAT", default="text",
    choices=(*FOR_PEOPLE, *FOR_PROGRAMS),
)  # fmt: skip


def parse(
    argv: Sequence[str], own: tuple[Option, ...], path: str = "", context: Context | None = None
) -> tuple[Arguments, tuple[Emitter, ...]]:
    """Parses the command line of a command with the options `own`. Returns it and its targets, in their order.

    The project's settings for the flow in the file `path`, by default the first on the command line, fill in missing
    options, after those of the `context`, by default that of `--on`. The targets are read first, because they have
    options of their own. Raises Usage, and Refused for invalid settings.
    """
    path = path or _first_file(argv)
    settings = NONE if "--isolated" in argv else settings_for(path)
    if context is None and any(word == "--on" or word.startswith("--on=") for word in argv):
        from .contexts import chosen as chosen_context

        context = chosen_context(argv, settings.contexts)
    named = chosen(argv) or tuple(name for name in settings.options.get("target", "").split(",") if name)
    of_context: dict[str, str] = {}
    if context is not None and context.target:
        if chosen(argv) not in ((), (context.target,)):
            raise Usage(f"context `{context.name}` is for target {context.target}", "leave out `--target`")
        named, of_context = (context.target,), context.options
    emitters = tuple(map(emitter, named))
    options = (*own, *of_targets(emitters))
    try:
        arguments = command_line.parse(argv, options)
    except Usage as error:
        raise _explained(error, emitters) from None
    own_defaults = {
        name: value for target in reversed(named) for name, value in settings.of_targets.get(target, {}).items()
    }
    defaults = {
        f"--{name}": (value,)
        for name, value in {**settings.options, **own_defaults, **of_context}.items()
        if any(option.name == f"--{name}" for option in options)
    }
    return replace(arguments, given={**defaults, **arguments.given}, project=(path, settings)), emitters


def _first_file(argv: Sequence[str]) -> str:
    """Returns the flow's file: the first word that looks like one, since the options are not known yet."""
    return next(
        (word for word in argv if word.endswith((".py", ".json")) and not command_line.looks_like_option(word)), ""
    )


def asked_format(argv: Sequence[str]) -> str:
    """Returns the value of `--format`, or `text`. It is read early, so that errors in settings have that format too."""
    words = [*argv, ""]
    values = [
        words[at + 1] if word == "--format" else word.partition("=")[2]
        for at, word in enumerate(argv)
        if word.partition("=")[0] == "--format"
    ]
    return next((value for value in reversed(values) if value in FORMAT.choices), "text")


def chosen(argv: Sequence[str]) -> tuple[str, ...]:
    """Returns the targets that the words of a command line name, without repeats. Raises Usage for an unknown one."""
    requested: list[str] = []
    for at, word in enumerate(argv):
        if word == "--":
            break
        name, attached = command_line.split(word) if command_line.looks_like_option(word) else ("", None)
        if name in ("--target", "-t"):
            value = attached if attached is not None else argv[at + 1] if at + 1 < len(argv) else ""
            requested += [name.strip() for name in value.split(",") if name.strip()]
    target_names = names()
    for target in requested:
        if target not in target_names and not target.startswith("-"):
            close = nearest(target.replace("_", "-"), target_names)
            raise Usage(
                f"unknown target `{target}`",
                f"did you mean `{close}`?" if close else "the targets are " + ", ".join(target_names),
            )
    return tuple(dict.fromkeys(name for name in requested if name in target_names))


def of_targets(emitters: Iterable[Emitter]) -> tuple[Option, ...]:
    """Returns the targets' own options, as options of the command line. Shared options appear once."""
    options: dict[str, Option] = {}
    for target in emitters:
        for own in target.OPTIONS:
            value = own.name.rpartition("-")[2].upper()
            options.setdefault(
                own.name, Option(f"--{own.name}", own.help, value, default=own.default, choices=own.choices)
            )
            if options[own.name].choices != own.choices:
                options[own.name] = replace(options[own.name], choices=())  # `options_for` asks each target
    return tuple(options.values())


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """Yields, for `--help`, the own options of the targets on the command line, or of all targets."""
    for name in chosen(argv) or names():
        yield f"options of target {name}", of_targets((emitter(name),))


def settings_of(arguments: Arguments, path: str) -> Settings:
    """Returns the settings for the flow in the file `path`; those that `parse` has read, if they are for it."""
    if arguments.flag("--isolated"):
        return NONE
    if arguments.project is not None and arguments.project[0] == path:
        settings: Settings = arguments.project[1]
        return settings
    return settings_for(path)


def options_for(
    target: Emitter,
    arguments: Arguments,
    digest: str,
    program: Program,
    packages: tuple[tuple[str, str], ...],
    images: tuple[tuple[tuple[str, str], str], ...],
) -> Options:
    """Returns the options for one target; `digest` is the code package's, `packages` and `images` as in Options.

    Raises Usage for an invalid value.
    """
    where = _place(program.flow)
    if where is not None and arguments.text("--name"):
        raise Usage(
            f"`--name` cannot be used for a flow with `@project`, which is deployed as `{where.flow_name}`",
            "leave it out, or choose the branch with `--branch`",
        )
    for own in target.OPTIONS:
        value = arguments.text(f"--{own.name}")
        if value and own.choices and value not in own.choices:
            raise Usage(
                f"invalid value `{value}` of `--{own.name}` for target {target.NAME}",
                "it must be one of " + ", ".join(own.choices),
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
        packages=packages,
        images=images,
        images_are_complete=arguments.text("--environments") == demand.NONE,
        of_target=tuple((own.name, arguments.text(f"--{own.name}", own.default)) for own in target.OPTIONS),
    )


def package_of(program: Program) -> Package:
    """Returns the flow's code package. Raises Refused for a file that the package cannot hold."""
    try:
        return build(program.flow, program.scope, program.files)
    except BadName as error:
        raise _bad_name(error) from None


def check_package(program: Program) -> None:
    """Raises Refused as `package_of` does, for a command that needs no package."""
    try:
        check_names(program.files)
    except BadName as error:
        raise _bad_name(error) from None


def _bad_name(error: BadName) -> Refused:
    why = "the code package is a tar archive that every machine must unpack the same way"
    return Refused([Diagnostic("FLOW603", str(error), None, why, "rename the file")])


class Compilation:
    """The compilation of a flow for one target. The spec is emitted on first use."""

    def __init__(self, target: Emitter, options: Options, program: Program, shared: Shared | None = None) -> None:
        self.target, self.shared, self._program = target, shared, program
        self.options = shared.options if shared is not None else options
        self.written_options = options  # those of the flow as written
        # of containers, if several tasks share one
        self.flow = shared.optimized.flow if shared is not None else program.flow
        self.scope = shared.optimized.scope if shared is not None else program.scope
        self._spec: tuple[SpecFile, ...] | None = None

    def spec(self) -> tuple[SpecFile, ...]:
        """Returns the target's spec of the flow. The target must not have refused the flow."""
        if self._spec is None:
            self._spec = self.target.emit(self.flow, self.scope, self.options)
        return self._spec

    def problems(self) -> Iterator[Diagnostic]:
        """Yields the target's diagnostics of the flow and, unless it refuses the flow, of the spec."""
        if self.shared is None:
            diagnostics = list(self.target.check(self.flow, self.options))
        else:
            from . import optimizing

            diagnostics = list(optimizing.problems(self.target, self.shared, self._program.flow))
        yield from diagnostics
        if not has_errors(diagnostics):
            yield from self.target.check_spec(self.flow, self.options, self.spec)


def compilations(
    program: Program, emitters: Sequence[Emitter], arguments: Arguments, digest: str, path: str
) -> tuple[Compilation, ...]:  # fmt: skip
    """Returns the compilation of the program for each target; `digest` is the code package's.

    Raises Usage for a value that one of the targets does not accept.
    """
    packages: tuple[tuple[str, str], ...] = ()
    images: tuple[tuple[tuple[str, str], str], ...] = ()
    settings = settings_of(arguments, path).options if emitters else {}
    if emitters and demand.concerns(program.flow, path, settings):
        from .environments import delivery

        packages = delivery.variables(program.flow, path, settings, arguments.text("--environments"))
        if arguments.text("--environments") == demand.IMAGE:
            from .images import delivery as image_delivery

            wish = _images(program, path, arguments, settings, digest)
            images = image_delivery.images(wish)
            packages = tuple({**dict(packages), **dict(image_delivery.variables(wish))}.items())
    compiled = []
    for target in emitters:
        options = options_for(target, arguments, digest, program, packages, images)
        compiled.append(Compilation(target, options, program, _shared(program, target, options, arguments, path)))
    return tuple(compiled)


def optimize_settings(arguments: Arguments, path: str) -> OptimizeSettings | None:
    """Returns what the user asks of the optimizer, or None without `--optimize` and the setting `optimize`."""
    settings = settings_of(arguments, path).optimize
    if settings is None and arguments.flag("--optimize"):
        from flowc.compiler.optimize.settings import Settings as Default

        return Default()
    return settings


def _shared(
    program: Program, target: Emitter, options: Options, arguments: Arguments, path: str
) -> Shared | None:  # fmt: skip
    """Returns the flow of containers of a target, if the user asks for one or the target needs one."""
    settings = optimize_settings(arguments, path)
    needs = getattr(target, "needs_containers", None)
    if settings is None and (needs is None or next(iter(needs(program.flow, options)), None) is None):
        return None
    from . import optimizing

    past = None
    if settings is not None:
        from .flow_profile import past_of

        past, _ = past_of(path, arguments.text("--profile"), program.flow)
    return optimizing.shared(program, target, options, settings, past)


def _images(program: Program, path: str, arguments: Arguments, settings: dict[str, str], digest: str) -> Wish:
    """Returns what the images of `--environments image` are chosen by. Raises Usage without a repository."""
    from .environments import locks
    from .images.delivery import Wish

    repository = arguments.text("--repository")
    if not repository:
        raise Usage("`--environments image` needs a repository", "give `--repository REGISTRY/NAME`")
    image = arguments.text("--image", _DEFAULTS.image)
    locks_of_steps = locks.of_steps(program.flow, path, settings)
    return Wish(program.flow, path, settings, locks_of_steps, image, digest, repository)


def problems(
    program: Program, path: str, compiled: Sequence[Compilation], arguments: Arguments
) -> tuple[Diagnostic, ...]:  # fmt: skip
    """Returns every warning about the flow in the file `path` and its targets. Raises Refused if one refuses it."""
    diagnostics = merged_diagnostics(
        (compilation.target.NAME, diagnostic) for compilation in compiled for diagnostic in compilation.problems()
    )
    if compiled:
        diagnostics += (*_about_store(arguments), *_about_branch(program.flow))
        if optimize_settings(arguments, path) is not None:
            from .flow_profile import past_of

            diagnostics += past_of(path, arguments.text("--profile"), program.flow)[1]
    else:
        diagnostics += [replace(diagnostic, severity=WARNING) for diagnostic in undeployable(program.flow)]
    settings = settings_of(arguments, path)
    if settings.optimize is not None and settings.optimize.steps:
        from . import optimizing

        diagnostics += optimizing.misplaced(settings.optimize, program.flow)
    if demand.concerns(program.flow, path, settings.options):
        from .environments import delivery

        of_locks = delivery.problems(
            program.flow, path, settings.options, arguments.text("--environments"),
            arguments.text("--image", _DEFAULTS.image), bool(compiled),
        )  # fmt: skip
        diagnostics = delivery.said_once(program.flow, path, diagnostics, list(of_locks))
        if compiled and arguments.text("--environments") == demand.IMAGE and not has_errors(diagnostics):
            from .images import delivery as image_delivery

            wish = _images(program, path, arguments, settings.options, compiled[0].options.code)
            diagnostics += image_delivery.problems(wish)
    diagnostics = [*program.diagnostics, *_judged(diagnostics, program, settings)]
    if has_errors(diagnostics):
        raise Refused(*placed(program, path, diagnostics))
    return tuple(diagnostics)


def judged(diagnostics: list[Diagnostic], program: Program, path: str, arguments: Arguments) -> list[Diagnostic]:
    """Returns the diagnostics without those that comments and settings silence."""
    return _judged(diagnostics, program, settings_of(arguments, path))


def _judged(diagnostics: list[Diagnostic], program: Program, settings: Settings) -> list[Diagnostic]:
    return judgement.judged(diagnostics, program.sources, settings.severities, complete=False)


def _place(flow: Flow) -> Place | None:
    """Returns the deployment of a flow with `@project`, or None; it imports that module only if needed."""
    if not any(decorator.name == "project" for decorator in flow.decorators):
        return None
    from flowc.compiler.options.project_branch import place

    return place(flow)


def _about_branch(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW605, a hint, for a flow with `@project` that is compiled without a branch."""
    where = _place(flow)
    if where is not None and where.is_user_branch:
        from flowc.compiler.options.project_branch import project_of

        decorator = project_of(flow)
        what = f"no branch was given: the flow is deployed as `{where.flow_name}`"
        why = "a spec does not depend on who compiles it, so everybody who gives no branch shares this deployment"
        yield Diagnostic(
            "FLOW605", what, decorator.span if decorator else None, why, "give `--production` or `--branch NAME`", HINT
        )


def _about_store(arguments: Arguments) -> Iterator[Diagnostic]:
    """Yields FLOW601 or FLOW602 for a missing or unusable datastore: other machines must reach it by the same name."""
    store = arguments.text("--store")
    if not store:
        why = "every task of a run reads and writes there, and that bucket is probably not yours"
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
    how = "give `s3://BUCKET/PREFIX`, or an absolute folder such as `/shared/flowc`"
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
    """Returns the error, with a hint if the unknown option is one of a target that was not chosen."""
    loaded = {target.NAME for target in emitters}
    for name in names():
        if name not in loaded:
            for own in emitter(name).OPTIONS:
                if error.message == f"unknown option `--{own.name}`":
                    return Usage(f"`--{own.name}` is an option of target {name}", f"add `--target {name}`")
    return error

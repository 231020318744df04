"""`flowc compile`: writes a flow's specs, the code package that they name, and a manifest of the files."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused, has_errors, without_hints
from flowc.targets.target import deployer

from .. import files
from ..deployments import FOLDER as MANIFESTS
from ..flow_source import load_flow, placed
from ..options import Option, Usage, one_positional
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..source_options import compile_inputs
from ..stale_files import CODE, Part, Stale, stale_files
from ..targeting import FORMAT, STORE, asked_format, compilations, judged, package_of, parse, problems, sections
from ..targeting import OPTIONS as TARGETING
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowc.compiler.package.archive import Package
    from flowc.compiler.pipeline import Program
    from flowc.compiler.report.diagnostics import Diagnostic
    from flowc.targets.target import SpecFile

    from ..options import Arguments
    from ..targeting import Compilation

__all__ = ["EXAMPLES", "OPTIONS", "TEXT", "USAGE", "run", "sections"]

DEFAULT_FOLDER = "build"

USAGE = ("flowc compile FLOW.py --target TARGET [OPTIONS]",)
TEXT = """
Reads the flow, without importing or running it, and writes what the orchestrator needs: the spec as DIR/TARGET/…, and
the flow's files as DIR/code/DIGEST.tar.gz. The spec names that package by its digest. The same source and options give
the same bytes on any machine. DIR/deployments/TARGET/NAME.sha256 lists the files that were written. Files that an
earlier compile wrote and the flow no longer needs are deleted, unless somebody has changed them. FLOW.py may also be an
IR as JSON (`flowc show --json`), with the flow's sources beside it.
"""
OPTIONS = (
    TARGETING[0],
    Option("--output", "the folder to write to; `-` prints the spec instead", "DIR", "-o", default=DEFAULT_FOLDER),
    Option("--spec", "write the spec alone, to this file; of one target, whose spec is one file", "FILE"),
    Option("--upload", "also put the code package into the datastore"),
    Option("--check", "write nothing; exit with 1 if the files in DIR differ from what would be written"),
    Option(
        "--replaces", "an earlier name of this deployment; the files of that name are deleted", "NAME", repeated=True
    ),
    *TARGETING[1:],
    *SOURCE_OPTIONS,
    Option("--quiet", "print only problems", short="-q"),
    FORMAT,
)
EXAMPLES = (
    ("flowc compile FLOW.py --target argo --store s3://models/flowc", "writes build/argo/ and build/code/"),
    ("flowc compile FLOW.py -t argo,airflow -o deploy", "two targets, into the folder `deploy`"),
    ("flowc compile FLOW.py -t argo -o - | kubectl apply -f -", "the spec alone"),
    ("flowc compile FLOW.py -t argo --check", "in CI: are the committed files up to date?"),
)


def run(argv: list[str], out: Output) -> int:
    out.format = asked_format(argv)
    arguments, emitters = parse(argv, OPTIONS)
    path = one_positional(arguments, "the flow's file")
    folder = arguments.text("--output", DEFAULT_FOLDER)
    if not emitters:
        raise _no_target()
    if folder == "-" and len(emitters) > 1:
        raise Usage("standard output can take the spec of one target only", "give a folder with `--output DIR`")
    if folder == "-" and arguments.flag("--check"):
        raise Usage("`--check` compares files, and `--output -` writes none", "give their folder with `--output DIR`")
    if folder == "-" and arguments.flag("--replaces"):
        raise Usage("`--replaces` deletes files, and `--output -` has none", "give their folder with `--output DIR`")
    if folder == "-" and out.for_a_program:
        raise Usage(
            f"`--format {out.format}` and `--output -` both write to standard output",
            "give a folder with `--output DIR`",
        )
    spec_file = arguments.text("--spec")
    if spec_file and (len(emitters) > 1 or any(arguments.flag(name) for name in ("--output", "--check", "--replaces"))):
        raise Usage(f"`--spec {spec_file}` is for the spec of one target alone", "give a folder with `--output DIR`")
    program = load_flow(
        path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), compile_inputs(arguments)
    )
    package = package_of(program)
    compiled = compilations(program, emitters, arguments, package.digest, path)
    warnings = without_hints(problems(program, path, compiled, arguments))
    try:
        parts = tuple(_part(compilation) for compilation in compiled)
    except Refused as refused:
        raise Refused(*placed(program, path, refused.diagnostics)) from None
    if folder == "-" or spec_file:
        _report(warnings, program, path, arguments, out)
        if arguments.flag("--upload"):
            _upload(arguments, program, package)
        if spec_file:
            _write_file(spec_file, parts[0].spec, arguments.flag("--quiet") or out.for_a_program, out)
        else:
            _print(parts[0].spec, out)
        return 0
    replaced = _replaced(arguments, parts)
    if arguments.flag("--check"):
        stale = stale_files(folder, parts, program.flow.name, package.digest, replaced)
        _report((*warnings, *_judged(stale, program, path, arguments)), program, path, arguments, out)
        return _check(folder, parts, package, stale, arguments.flag("--quiet"), out)
    with files.Turn(folder) as is_alone:
        for written_to in _folders(folder, parts) if is_alone else ():
            files.sweep(written_to)
        stale = stale_files(folder, parts, program.flow.name, package.digest, replaced)
        _report((*warnings, *_judged(stale, program, path, arguments)), program, path, arguments, out)
        written = _write(folder, parts, package, stale)
    if arguments.flag("--upload"):
        _upload(arguments, program, package)
    if not (arguments.flag("--quiet") or out.for_a_program):
        out.print(_listing(written))
        for line in stale.notes:
            out.print(line)
        for line in _containers(compiled, program):
            out.print(line)
        out.print("before a run:")
        store = arguments.text("--store", STORE)
        if not arguments.flag("--upload"):
            out.print(f"  the code package must be at {_destination(store, program, package)}")
        if any(compilation.options.images for compilation in compiled):
            repository = arguments.text("--repository")
            out.print(f"  the images must be in {repository}: flowc image push {path} --repository {repository}")
        elif any(compilation.options.packages for compilation in compiled):
            out.print(f"  the environments must be in {store}: flowc environment build {path} --store {store}")
        for compilation in compiled:
            for needed in compilation.target.prerequisites(compilation.options):
                out.print(f"  for {compilation.target.NAME}, {needed}")
        if any("metaflow_config" in text for text in program.sources.values()):  # rare, so imported only then
            from .. import metaflow_settings

            variables = dict(compile_inputs(arguments).environment)
            settings = metaflow_settings.needed(program.sources.values(), store, variables)
            if settings:
                out.print(f"  tasks must find Metaflow's settings in their environment: {', '.join(settings)}")
    return 0


def _upload(arguments: Arguments, program: Program, package: Package) -> None:
    """Puts the code package into the datastore. Raises Usage and Failure."""
    from flowc.runtime_shim.contract import code_package
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.store import open_store

    url = arguments.text("--store")
    if not url:
        raise Usage("`--upload` needs the datastore", "give `--store URL`")
    try:
        store = open_store(url)
        code_package.put(store, program.flow.name, package.digest, package.compressed())
    except ShimError as error:
        raise Failure(f"the code package was not uploaded: {error}") from None


def _write_file(path: str, spec: tuple[SpecFile, ...], is_quiet: bool, out: Output) -> None:
    """Writes a spec of one file to a file of the user's choice. Raises Usage."""
    if len(spec) != 1:
        names = ", ".join(file.name for file in spec)
        raise Usage(
            f"`--spec {path}` is one file, but the spec has several: {names}", "give a folder with `--output DIR`"
        )
    data = spec[0].text.encode()
    is_changed = files.read(path) != data
    if is_changed:
        files.write(path, data)
    if not is_quiet:
        out.print(f"{path}{'' if is_changed else '  (unchanged)'}")


def _part(compiled: Compilation) -> Part:
    name = compiled.target.NAME
    return Part(name, deployer(name).deployment(compiled.flow, compiled.options), compiled.spec())


def _containers(compiled: Sequence[Compilation], program: Program) -> Iterator[str]:
    """Yields a line for each target where several tasks share a container."""
    for compilation in compiled:
        if compilation.shared is not None:
            from ..container_report import chosen, summary

            yield f"on {compilation.target.NAME}, {summary(compilation.shared, program.flow)}"
            for step, why in compilation.shared.needs:
                yield f"  `{step}`: {why}"
            for sentence in chosen(compilation.shared.choice) if compilation.shared.choice is not None else ():
                yield f"  {sentence}"


def _report(warnings: tuple[Diagnostic, ...], program: Program, path: str, arguments: Arguments, out: Output) -> None:
    """Reports the warnings. Raises Refused if the project's settings make an error of one."""
    if has_errors(warnings):
        raise Refused(*placed(program, path, warnings))
    if out.for_a_program or not (arguments.flag("--quiet") and all(warning.code == "FLOW601" for warning in warnings)):
        out.report(*placed(program, path, warnings))


def _judged(stale: Stale, program: Program, path: str, arguments: Arguments) -> tuple[Diagnostic, ...]:
    return without_hints(judged(list(stale.diagnostics), program, path, arguments))


def _replaced(arguments: Arguments, parts: tuple[Part, ...]) -> tuple[str, ...]:
    """Returns the names that `--replaces` gives. Raises Usage for the name of a deployment that is being compiled."""
    names = arguments.all("--replaces")
    for part in parts:
        if part.deployment.name in names:
            message = (
                f"`--replaces {part.deployment.name}` names the deployment that is being compiled for {part.target}"
            )
            raise Usage(message, "give the name that the deployment had before")
    return names


def _no_target() -> Usage:
    from flowc.targets.target import names

    return Usage("`--target` is missing", "the targets are " + ", ".join(names()))


def _print(spec: tuple[SpecFile, ...], out: Output) -> None:
    """Prints the files of a spec one after the other: YAML documents, or a stream of JSON values."""
    for at, file in enumerate(spec):
        separator = "---\n" if at and file.name.endswith((".yaml", ".yml")) and not file.text.startswith("---") else ""
        out.verbatim((separator + file.text).encode())


def _write(folder: str, parts: tuple[Part, ...], package: Package, stale: Stale) -> list[tuple[str, str, str]]:
    """Writes and deletes files; returns (label, path, note) of each.

    It may be killed at any time: every file that flowc wrote is then in a manifest, and every package that a spec names
    exists.
    """
    path = os.path.join(folder, CODE, package.file_name)
    is_new = not _holds(path, package)
    specs = [(target, path, text.encode()) for target, path, text in _specs(folder, parts)]
    is_changed = {path: files.read(path) != data for _, path, data in specs}
    is_changed |= {path: files.read(path) != (text or "").encode() for path, text in stale.after}
    for manifest, text in stale.before:
        _put(manifest, text)
    if is_new:
        files.write(path, package.compressed())
    for _, spec, data in specs:
        if is_changed[spec]:
            files.write(spec, data)
    for stale_path in stale.written:
        files.remove(stale_path)
    done = [(target, spec, _done(is_changed[spec])) for target, spec, _ in specs] + [("code", path, _done(is_new))]
    for manifest, final in stale.after:
        if final is None:
            files.remove(manifest)
        else:
            _put(manifest, final)
            done.append(("manifest", manifest, _done(is_changed[manifest])))
    return done + [("deleted", stale_path, "") for stale_path in stale.written]


def _folders(folder: str, parts: tuple[Part, ...]) -> list[str]:
    """Returns every folder that the compile writes to."""
    targets = [part.target for part in parts]
    below = (CODE, *targets, *(os.path.join(MANIFESTS, target) for target in targets))
    return [os.path.join(folder, path) for path in below]


def _specs(folder: str, parts: tuple[Part, ...]) -> list[tuple[str, str, str]]:
    """Returns (target, path, text) of each file."""
    return [
        (part.target, os.path.join(folder, part.target, file.name), file.text) for part in parts for file in part.spec
    ]


def _put(path: str, text: str) -> None:
    if files.read(path) != text.encode():
        files.write(path, text.encode())


def _done(changed: bool) -> str:
    return "" if changed else "unchanged"


def _holds(path: str, package: Package) -> bool:
    """Returns True if the file is this package. Compressors differ between machines, so the tar inside is compared."""
    data = files.read(path)
    if data is None:
        return False
    import zlib

    try:
        return zlib.decompress(data, 31) == package.tar
    except zlib.error:
        return False


def _check(folder: str, parts: tuple[Part, ...], package: Package, stale: Stale, quiet: bool, out: Output) -> int:
    """Compares without writing. A missing code package does not count, because the spec pins its digest."""
    say = out.print_error if out.for_a_program else out.print
    differences = list(_differences([(path, text) for _, path, text in _specs(folder, parts)]))
    path = os.path.join(folder, CODE, package.file_name)
    if os.path.exists(path) and not _holds(path, package):
        differences.append(f"{path}: damaged")
    kept = [f"{path}: no longer written, but somebody has changed it; delete it yourself" for path in stale.changed]
    kept += [
        f"{path}: may be left from an earlier compile; delete it yourself, or rename it" for path in stale.unlisted
    ]
    differences += [f"{path}: no longer written" for path in stale.written]
    if not differences:  # a manifest differs with what it lists
        differences += _differences([(manifest, text) for manifest, text in stale.after if text is not None])
        differences += [f"{manifest}: no longer written" for manifest, text in stale.after if text is None]
    for line in (*differences, *kept):
        say(line)
    for line in () if quiet else stale.notes:
        say(line)
    wrong = len(differences) + len(kept)
    if wrong:
        remedy = "run the same command without `--check`" if differences else "delete the files named above"
        raise Failure(f"{wrong} {'file is' if wrong == 1 else 'files are'} out of date; {remedy}")
    count = sum(len(part.spec) for part in parts)
    say(f"{count} {'file is' if count == 1 else 'files are'} up to date in {os.path.join(folder, '')}")
    return 0


def _differences(expected: list[tuple[str, str]]) -> Iterator[str]:
    from ..text_diff import text_diff

    for path, text in expected:
        data = files.read(path)
        if data is None:
            yield f"{path}: missing"
        elif data != text.encode():
            yield f"{path}: differs\n{text_diff(path, data.decode('utf-8', 'replace'), text)}"


def _listing(done: list[tuple[str, str, str]]) -> str:
    width = max(len(label) for label, _, _ in done)
    lines = []
    last = ""
    for label, path, note in done:
        lines.append(f"{label if label != last else '':<{width}}  {path}{f'  ({note})' if note else ''}")
        last = label
    return "\n".join(lines)


def _destination(store: str, program: Program, package: Package) -> str:
    from flowc.runtime_shim.contract.address import encoded

    return f"{store.rstrip('/')}/{encoded(program.flow.name)}/code/{package.file_name}"

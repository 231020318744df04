"""`flowc compile`: a flow's specs, and beside them the code package that they name and a manifest of the files."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused, has_errors, without_hints
from flowc.targets.target import deployer

from .. import files
from ..deployments import FOLDER as MANIFESTS
from ..flow_source import load_flow, placed_sources
from ..given import OPTIONS as GIVEN
from ..given import given
from ..options import Option, Usage, one_positional
from ..stale import CODE, Part, Stale, stale
from ..targeting import FORMAT, STORE, asked_format, compilations, judged, package_of, parse, problems, sections
from ..targeting import OPTIONS as TARGETING
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow
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
Reads the flow, without importing or running it, and writes what the orchestrator needs: the spec as DIR/TARGET/…, and the flow's
files as DIR/code/DIGEST.tar.gz, which the spec names by its digest. The same source and options give the same bytes on any machine.
DIR/deployments/TARGET/NAME.sha256 lists what was written; what the flow no longer gives is deleted, unless somebody changed it.
FLOW.py may also be an IR in its JSON form (`flowc show --json`), with the flow's sources beside it.
"""
OPTIONS = (
    TARGETING[0],
    Option("--output", "the folder to write to; `-` prints the spec instead", "DIR", "-o", default=DEFAULT_FOLDER),
    Option("--check", "write nothing; exit with 1 if the files in DIR differ from what would be written"),
    Option(
        "--replaces", "the earlier name of what is compiled: the files of that name are deleted", "NAME", repeated=True
    ),
    *TARGETING[1:],
    *GIVEN,
    Option("--quiet", "print only problems", short="-q"),
    FORMAT,
)
EXAMPLES = (
    ("flowc compile FLOW.py --target argo --store s3://models/flowc", "writes build/argo/ and build/code/"),
    ("flowc compile FLOW.py -t argo,airflow -o deploy", "two targets, into the folder `deploy`"),
    ("flowc compile FLOW.py -t argo -o - | kubectl apply -f -", "the spec alone"),
    ("flowc compile FLOW.py -t argo --check", "in CI: is what was committed still what the flow gives?"),
)


def run(argv: list[str], out: Output) -> int:
    out.format = asked_format(argv)
    arguments, emitters = parse(argv, OPTIONS)
    path = one_positional(arguments, "the flow's file")
    folder = arguments.text("--output", DEFAULT_FOLDER)
    if not emitters:
        raise _no_target()
    if folder == "-" and len(emitters) > 1:
        raise Usage("standard output takes the spec of one target", "give a folder with `--output DIR`")
    if folder == "-" and arguments.flag("--check"):
        raise Usage("`--check` compares files", "give their folder with `--output DIR`")
    if folder == "-" and arguments.flag("--replaces"):
        raise Usage("`--replaces` deletes files", "give their folder with `--output DIR`")
    if folder == "-" and out.for_a_program:
        raise Usage(
            f"`--format {out.format}` writes problems to standard output, where the spec is to go",
            "give a folder with `--output DIR`",
        )
    program = load_flow(
        path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), given(arguments)
    )
    package = package_of(program)
    compiled = compilations(program, emitters, arguments, package.digest)
    warnings = without_hints(problems(program, path, compiled, arguments))
    try:
        parts = tuple(_part(each, program.flow) for each in compiled)
    except Refused as refused:
        raise Refused(refused.diagnostics, placed_sources(program.sources, path, program.places)) from None
    if folder == "-":
        _report(warnings, program, path, arguments, out)
        _print(parts[0].spec, out)
        return 0
    replaced = _replaced(arguments, parts)
    if arguments.flag("--check"):
        found = stale(folder, parts, program.flow.name, package.digest, replaced)
        _report((*warnings, *_said(found, program, path, arguments)), program, path, arguments, out)
        return _check(folder, parts, package, found, arguments.flag("--quiet"), out)
    with files.Turn(folder) as is_alone:
        for written_to in _folders(folder, parts) if is_alone else ():
            files.sweep(written_to)
        found = stale(folder, parts, program.flow.name, package.digest, replaced)
        _report((*warnings, *_said(found, program, path, arguments)), program, path, arguments, out)
        written = _write(folder, parts, package, found)
    if not (arguments.flag("--quiet") or out.for_a_program):
        out.print(_listing(written))
        for line in found.notes:
            out.print(line)
        out.print("before a run:")
        out.print(f"  the code package must be at {_destination(arguments.text('--store', STORE), program, package)}")
        for each in compiled:
            for needed in each.target.prerequisites(each.options):
                out.print(f"  for {each.target.NAME}, {needed}")
    return 0


def _part(compiled: Compilation, flow: Flow) -> Part:
    name = compiled.target.NAME
    return Part(name, deployer(name).deployment(flow, compiled.options), compiled.spec())


def _report(warnings: tuple[Diagnostic, ...], program: Program, path: str, arguments: Arguments, out: Output) -> None:
    """Reports the warnings. Raises Refused if the project's settings make an error of one."""
    if has_errors(warnings):
        raise Refused(warnings, placed_sources(program.sources, path, program.places))
    if out.for_a_program or not (arguments.flag("--quiet") and all(each.code == "FLOW601" for each in warnings)):
        out.report(warnings, placed_sources(program.sources, path, program.places))


def _said(found: Stale, program: Program, path: str, arguments: Arguments) -> tuple[Diagnostic, ...]:
    return without_hints(judged(list(found.diagnostics), program, path, arguments))


def _replaced(arguments: Arguments, parts: tuple[Part, ...]) -> tuple[str, ...]:
    """The names that `--replaces` gives. Raises Usage for that of a deployment which is compiled now."""
    names = arguments.all("--replaces")
    for each in parts:
        if each.deployment.name in names:
            message = f"`--replaces {each.deployment.name}` is the name of what is compiled for {each.target}"
            raise Usage(message, "give the name that it had before")
    return names


def _no_target() -> Usage:
    from flowc.targets.target import names

    return Usage("`--target` is missing", "the targets are " + ", ".join(names()))


def _print(spec: tuple[SpecFile, ...], out: Output) -> None:
    """A spec of several files is printed one after the other: YAML documents, or a stream of JSON values."""
    for at, each in enumerate(spec):
        separator = "---\n" if at and each.name.endswith((".yaml", ".yml")) and not each.text.startswith("---") else ""
        out.verbatim((separator + each.text).encode())


def _write(folder: str, parts: tuple[Part, ...], package: Package, found: Stale) -> list[tuple[str, str, str]]:
    """Makes the folder what the flow gives; returns (label, path, what was done) of each file.

    It may be interrupted: at any time each file of flowc's is in a manifest, and each package that a spec names is there.
    """
    path = os.path.join(folder, CODE, package.file_name)
    is_new = not _holds(path, package)
    specs = [(target, path, text.encode()) for target, path, text in _specs(folder, parts)]
    is_changed = {path: files.read(path) != data for _, path, data in specs}
    is_changed |= {path: files.read(path) != (text or "").encode() for path, text in found.after}
    for manifest, text in found.before:
        _put(manifest, text)
    if is_new:
        files.write(path, package.compressed())
    for _, spec, data in specs:
        if is_changed[spec]:
            files.write(spec, data)
    for each in found.written:
        files.remove(each)
    done = [(target, spec, _done(is_changed[spec])) for target, spec, _ in specs] + [("code", path, _done(is_new))]
    for manifest, final in found.after:
        if final is None:
            files.remove(manifest)
        else:
            _put(manifest, final)
            done.append(("manifest", manifest, _done(is_changed[manifest])))
    return done + [("deleted", each, "") for each in found.written]


def _folders(folder: str, parts: tuple[Part, ...]) -> list[str]:
    """Every folder that the compile writes to."""
    targets = [each.target for each in parts]
    below = (CODE, *targets, *(os.path.join(MANIFESTS, each) for each in targets))
    return [os.path.join(folder, each) for each in below]


def _specs(folder: str, parts: tuple[Part, ...]) -> list[tuple[str, str, str]]:
    """(target, path, text) of each file."""
    return [
        (each.target, os.path.join(folder, each.target, file.name), file.text) for each in parts for file in each.spec
    ]


def _put(path: str, text: str) -> None:
    if files.read(path) != text.encode():
        files.write(path, text.encode())


def _done(changed: bool) -> str:
    return "" if changed else "unchanged"


def _holds(path: str, package: Package) -> bool:
    """Whether the file is this package. Compressors differ between machines, so it is what they pack that is compared."""
    data = files.read(path)
    if data is None:
        return False
    import zlib

    try:
        return zlib.decompress(data, 31) == package.tar
    except zlib.error:
        return False


def _check(folder: str, parts: tuple[Part, ...], package: Package, found: Stale, quiet: bool, out: Output) -> int:
    """Compares without writing. A code package that is not there is no difference: the spec pins its digest."""
    say = out.print_error if out.for_a_program else out.print
    differences = list(_differences([(path, text) for _, path, text in _specs(folder, parts)]))
    path = os.path.join(folder, CODE, package.file_name)
    if os.path.exists(path) and not _holds(path, package):
        differences.append(f"{path}: damaged")
    kept = [f"{each}: no longer written, but changed since it was; delete it yourself" for each in found.changed]
    kept += [
        f"{each}: may be of an earlier compile; delete it yourself, or give it another name" for each in found.unlisted
    ]
    differences += [f"{each}: no longer written" for each in found.written]
    if not differences:  # a manifest differs with what it lists
        differences += _differences([(manifest, text) for manifest, text in found.after if text is not None])
        differences += [f"{manifest}: no longer written" for manifest, text in found.after if text is None]
    for line in (*differences, *kept):
        say(line)
    for line in () if quiet else found.notes:
        say(line)
    wrong = len(differences) + len(kept)
    if wrong:
        remedy = "run the same command without `--check`" if differences else "delete what is named above"
        raise Failure(f"{wrong} {'file is' if wrong == 1 else 'files are'} not what the flow gives; {remedy}")
    count = sum(len(each.spec) for each in parts)
    say(f"{count} {'file is' if count == 1 else 'files are'} up to date in {os.path.join(folder, '')}")
    return 0


def _differences(wanted: list[tuple[str, str]]) -> Iterator[str]:
    from ..difference import difference

    for path, text in wanted:
        found = files.read(path)
        if found is None:
            yield f"{path}: missing"
        elif found != text.encode():
            yield f"{path}: differs\n{difference(path, found.decode('utf-8', 'replace'), text)}"


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

"""`flowc compile`: a flow's specs, and beside them the code package that they name."""

from __future__ import annotations

import os

from flowc.compiler.diagnostics import Refused, without_hints

from .. import files
from ..flow_source import load_flow, placed_sources
from ..given import OPTIONS as GIVEN
from ..given import given
from ..options import Option, Usage, one_positional
from ..targeting import FORMAT, STORE, asked_format, options_for, package_of, parse, problems, sections
from ..targeting import OPTIONS as TARGETING
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.package import Package
    from flowc.compiler.pipeline import Program
    from flowc.targets.target import SpecFile

__all__ = ["EXAMPLES", "OPTIONS", "TEXT", "USAGE", "run", "sections"]

DEFAULT_FOLDER = "build"

USAGE = ("flowc compile FLOW.py --target TARGET [OPTIONS]",)
TEXT = """
Reads the flow, without importing or running it, and writes what the orchestrator needs: the spec as DIR/TARGET/…, and the flow's
files as DIR/code/DIGEST.tar.gz, which the spec names by its digest. The same source and options give the same bytes on any machine.
FLOW.py may also be an IR in its JSON form (`flowc show --json`), with the flow's sources beside it.
"""
OPTIONS = (
    TARGETING[0],
    Option("--output", "the folder to write to; `-` prints the spec instead", "DIR", "-o", default=DEFAULT_FOLDER),
    Option("--check", "write nothing; exit with 1 if the files in DIR differ from what would be written"),
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
    if folder == "-" and out.for_a_program:
        raise Usage(f"`--format {out.format}` writes problems to standard output, where the spec is to go", "give a folder with `--output DIR`")
    program = load_flow(path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), given(arguments))
    package = package_of(program)
    warnings = without_hints(problems(program, path, emitters, arguments, package.digest))
    try:
        specs = tuple(
            (each.NAME, each.emit(program.flow, program.scope, options_for(each, arguments, package.digest, program.flow))) for each in emitters
        )
    except Refused as refused:
        raise Refused(refused.diagnostics, placed_sources(program.sources, path)) from None
    if out.for_a_program or not (arguments.flag("--quiet") and all(each.code == "FLOW601" for each in warnings)):
        out.report(warnings, placed_sources(program.sources, path))
    if folder == "-":
        _print(specs[0][1], out)
        return 0
    if arguments.flag("--check"):
        return _check(folder, specs, package, out)
    written = _write(folder, specs, package)
    if not (arguments.flag("--quiet") or out.for_a_program):
        out.print(_listing(written))
        out.print("before a run:")
        out.print(f"  the code package must be at {_destination(arguments.text('--store', STORE), program, package)}")
        for each in emitters:
            for needed in each.prerequisites(options_for(each, arguments, package.digest, program.flow)):
                out.print(f"  for {each.NAME}, {needed}")
    return 0


def _no_target() -> Usage:
    from flowc.targets.target import names

    return Usage("`--target` is missing", "the targets are " + ", ".join(names()))


def _print(spec: tuple[SpecFile, ...], out: Output) -> None:
    """A spec of several files is printed one after the other: YAML documents, or a stream of JSON values."""
    for at, each in enumerate(spec):
        separator = "---\n" if at and each.name.endswith((".yaml", ".yml")) and not each.text.startswith("---") else ""
        out.verbatim((separator + each.text).encode())


def _write(folder: str, specs: tuple[tuple[str, tuple[SpecFile, ...]], ...], package: Package) -> list[tuple[str, str, bool]]:
    """Writes the files that are not there already, the package first; returns (label, path, whether it was written) of each."""
    done: list[tuple[str, str, bool]] = []
    path = os.path.join(folder, "code", package.file_name)
    changed = not _holds(path, package)
    if changed:
        files.write(path, package.compressed())
    code = ("code", path, changed)
    for target, spec in specs:
        for each in spec:
            path = os.path.join(folder, target, each.name)
            data = each.text.encode()
            changed = files.read(path) != data
            if changed:
                files.write(path, data)
            done.append((target, path, changed))
    return [*done, code]


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


def _check(folder: str, specs: tuple[tuple[str, tuple[SpecFile, ...]], ...], package: Package, out: Output) -> int:
    """Compares without writing. A code package that is not there is no difference: the spec pins its digest."""
    from ..difference import difference

    say = out.print_error if out.for_a_program else out.print
    wrong = 0
    for target, spec in specs:
        for each in spec:
            path = os.path.join(folder, target, each.name)
            found = files.read(path)
            if found is None:
                wrong += 1
                say(f"{path}: missing")
            elif found != each.text.encode():
                wrong += 1
                say(f"{path}: differs\n{difference(path, found.decode('utf-8', 'replace'), each.text)}")
    path = os.path.join(folder, "code", package.file_name)
    if os.path.exists(path) and not _holds(path, package):
        wrong += 1
        say(f"{path}: damaged")
    if wrong:
        raise Failure(f"{wrong} {'file is' if wrong == 1 else 'files are'} not what the flow gives; run the same command without `--check`")
    count = sum(len(spec) for _, spec in specs)
    say(f"{count} {'file is' if count == 1 else 'files are'} up to date in {os.path.join(folder, '')}")
    return 0


def _listing(done: list[tuple[str, str, bool]]) -> str:
    width = max(len(label) for label, _, _ in done)
    lines = []
    last = ""
    for label, path, changed in done:
        lines.append(f"{label if label != last else '':<{width}}  {path}{'' if changed else '  (unchanged)'}")
        last = label
    return "\n".join(lines)


def _destination(store: str, program: Program, package: Package) -> str:
    from flowc.runtime_shim.address import encoded

    return f"{store.rstrip('/')}/{encoded(program.flow.name)}/code/{package.file_name}"

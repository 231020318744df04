"""`flowc validate`: reports what an engine would refuse in a spec, without that engine."""

from __future__ import annotations

import os

from flowc.compiler.ir.nodes import Span
from flowc.compiler.report.diagnostics import Diagnostic, nearest, printable
from flowc.targets.target import names, validator

from .. import files
from ..options import Option, Usage, parse
from ..targeting import FORMAT
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowc.targets.target import Finding, Validator

USAGE = ("flowc validate SPEC... [OPTIONS]",)
TEXT = """
Checks specs against the published schemas and the rules of their orchestrators. For a folder, it checks every file in
or below it that looks like a spec. It accepts specs that flowc did not write. It needs the extra `validate`
(`pip install 'flowc[validate]'`), but no engine and no network. Exits with 1 if there are findings.
"""
OPTIONS = (
    Option("--target", "the target of the specs; by default it is recognised for each file", "TARGET", "-t"),
    FORMAT,
    Option("--quiet", "print only problems", short="-q"),
)
EXAMPLES = (
    ("flowc validate build", "everything that was compiled"),
    ("flowc validate -t argo workflow.yaml", "one file, written by hand"),
)

_LIBRARIES = ("jsonschema", "yaml")


def run(argv: list[str], out: Output) -> int:
    arguments = parse(argv, OPTIONS)
    out.format = arguments.text("--format", "text")
    if not arguments.positional:
        raise Usage("the specs to validate are missing", "give files or folders")
    forced = arguments.text("--target")
    if forced and forced not in names():
        close = nearest(forced, names())
        raise Usage(
            f"unknown target `{forced}`",
            f"did you mean `{close}`?" if close else "the targets are " + ", ".join(names()),
        )
    targets = (forced,) if forced else names()
    all_findings: list[Finding] = []
    checked = 0
    for path, is_named in _files(arguments.positional):
        text = _text(path)
        target = None
        if text is not None:
            with _Libraries():
                target = forced if forced and is_named else _recognised(path, text, targets)
                if target is not None:
                    findings = tuple(_validator(target).validate(path, text))
        if text is None or target is None:
            if is_named:
                hint = "" if forced else "; if it should be one, name the target with `--target`"
                raise Failure(f"`{path}` is not a spec of {' or '.join(targets)}{hint}")
            continue
        checked += 1
        all_findings += findings
        if not (findings or arguments.flag("--quiet") or out.for_a_program):
            out.print(f"{path}: fine ({target})")
        for finding in () if out.for_a_program else findings:
            place = f" {finding.place}:" if finding.place else ""
            out.print_error(printable(f"{finding.file}:{place} {finding.message}"))
    if out.for_a_program:
        out.report(map(_diagnostic, all_findings), {})
        return 1 if all_findings else 0
    if not checked:
        raise Failure("there is no spec in " + ", ".join(f"`{path}`" for path in arguments.positional))
    if all_findings:
        problems = f"{len(all_findings)} problem{'s' if len(all_findings) > 1 else ''}"
        out.error(f"{problems} in {checked} file{'s' if checked > 1 else ''}")
    return 1 if all_findings else 0


def _diagnostic(finding: Finding) -> Diagnostic:
    """Returns the finding as a diagnostic for programs, at the top of the file. `what` names the place in the spec."""
    place = f"{finding.place}: " if finding.place else ""
    why, how = (
        "its engine would refuse the spec, or fail on it",
        "correct the spec, or the flow that it is compiled from",
    )
    return Diagnostic("FLOW550", place + finding.message, Span(finding.file, 1, 1, 1, 2), why, how)


def _files(paths: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yields every file of the paths, in order, and whether the user named it. Raises Failure for a missing path."""
    for path in paths:
        if os.path.isdir(path):
            for folder, below, file_names in os.walk(path):
                below.sort()
                yield from (
                    (os.path.join(folder, name), False) for name in sorted(file_names) if not name.startswith(".")
                )
        elif os.path.exists(path):
            yield path, True
        else:
            raise Failure(f"`{path}` does not exist")


def _text(path: str) -> str | None:
    """Returns the file's text, or None if it is not UTF-8 text or has been deleted."""
    data = files.read(path)
    if data is None or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _recognised(path: str, text: str, targets: Sequence[str]) -> str | None:
    return next((target for target in targets if _validator(target).recognises(path, text)), None)


def _validator(target: str) -> Validator:
    return validator(target)


class _Libraries:
    """A context that reports a missing library with the command that installs it."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _LIBRARIES:
            raise Failure(
                f"validating needs the library `{error.name}`; install it with `pip install 'flowc[validate]'`"
            ) from None

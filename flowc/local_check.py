"""Checks before a local run: packages whose versions differ on this machine, and secrets that flowc cannot fetch."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step

_KINDS = ("conda", "pypi")


def local_problems(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW154, a warning, for each package or Python that differs, and FLOW155 for each unreadable secret."""
    used = {each.name for each in flow.decorators} | {each.name for step in flow.steps for each in step.decorators}
    if not used.isdisjoint(each + end for each in _KINDS for end in ("", "_base")):
        for step in flow.steps:
            yield from _packages(flow, step)
    if "secrets" in used:
        for step in flow.steps:
            yield from _secrets(step)


def _packages(flow: Flow, step: Step) -> Iterator[Diagnostic]:
    from flowc.compiler.decorators._packages import packages_of, read

    for kind in _KINDS:
        wanted = packages_of(flow, step, kind)
        if wanted is None:
            continue
        asking = [each for each in (*flow.decorators, *step.decorators) if each.name in (kind, f"{kind}_base")]
        for name, version in wanted.packages.items():
            here = _version_here(name.rpartition("::")[2])
            if here is None or not _agrees(here, version):
                owner = next(each for each in reversed(asking) if name in read(each).packages)
                yield _differs(f"package `{name}`", here or "missing", version, owner)
        if wanted.python and not _agrees(_python_here(), wanted.python):
            owner = next(each for each in reversed(asking) if read(each).python)
            yield _differs("Python", _python_here(), wanted.python, owner)


def _differs(what: str, here: str, wanted: str, owner: Decorator) -> Diagnostic:
    asked = f" {wanted}" if wanted else ""
    return Diagnostic(
        "FLOW154", f"{what} is {here} here, and `@{owner.name}` asks for{asked or ' it'}", owner.span,
        "a local run installs nothing: its steps use the packages of this Python",
        "run flowc in an environment that has the versions that the flow asks for", WARNING,
    )  # fmt: skip


def _agrees(here: str, wanted: str) -> bool:
    """Returns True if the installed version starts with the wanted one, or that is a constraint such as `>=2`."""
    if not wanted or not wanted[0].isdigit() or "*" in wanted or "," in wanted:
        return True
    return here.split(".")[: len(wanted.split("."))] == wanted.split(".")


def _version_here(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _python_here() -> str:
    import sys

    return ".".join(map(str, sys.version_info[:3]))


def _secrets(step: Step) -> Iterator[Diagnostic]:
    from flowc.compiler.decorators.secrets import read

    for decorator in step.decorators:
        for source in read(decorator).sources if decorator.name == "secrets" else ():
            if source.backend not in ("", "inline"):
                yield Diagnostic(
                    "FLOW155", f"secret `{source.id}` of step `{step.name}` cannot be fetched here", decorator.span,
                    f"flowc cannot read {source.backend} yet, and the step must not run without the secret",
                    "set the variables in the environment and remove `@secrets`, or run the flow on a platform that "
                    "provides them",
                )  # fmt: skip

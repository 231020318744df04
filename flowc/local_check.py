"""What a run on this machine lacks of what the flow asks for: packages that are others here, secrets that cannot be fetched."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step

_KINDS = ("conda", "pypi")


def local_problems(flow: Flow, path: str, environments: str) -> Iterator[Diagnostic]:
    """Yields FLOW154 (a warning) for each package and Python that is another one here, FLOW155 for each secret that flowc
    cannot fetch.

    Steps whose environments are locked have them, unless `environments` (the option) is `off`. Yields FLOW161 for a lock
    that does not fit, and FLOW160 where there is none, which is an error if the option is `on`.
    """
    used = {each.name for each in flow.decorators} | {each.name for step in flow.steps for each in step.decorators}
    if not used.isdisjoint(each + end for each in _KINDS for end in ("", "_base")):
        lacking = flow.steps
        if environments != "off":
            from .environments import locks
            from .environments.requests import request_of
            from .settings import settings_for

            options = settings_for(path).options
            found = list(locks.problems(flow, path, options))
            yield from (replace(each, severity=ERROR) if environments == "on" else each for each in found)
            if not any(each.code == locks.MISSING for each in found):
                lacking = tuple(step for step in flow.steps if request_of(flow, step, "") is None)
        for step in lacking:
            yield from _packages(flow, step)
    if "secrets" in used:
        for step in flow.steps:
            yield from _secrets(step)


def _packages(flow: Flow, step: Step) -> Iterator[Diagnostic]:
    from flowc.compiler.decorators._packages import packages_of, read

    from .environments.requests import is_disabled

    for kind in _KINDS if not is_disabled(flow, step) else ():
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
        "steps whose packages are not locked have what this Python has",
        "lock them with `flowc lock`, or run in an environment that holds them", WARNING,
    )  # fmt: skip


def _agrees(here: str, wanted: str) -> bool:
    """True if the version is the one that is wanted, to as many parts as that has; constraints such as `>=2` are not judged."""
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
                    f"flowc does not ask {source.backend} yet, and the step must not run without it",
                    "set the variables in the environment and leave `@secrets` out, or run the flow where they are given",
                )  # fmt: skip

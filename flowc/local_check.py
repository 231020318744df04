"""Checks before a local run: packages whose versions differ on this machine, and secrets whose client is missing."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

from .environments.demand import KINDS, asks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step


def local_problems(flow: Flow, path: str, environments: str) -> Iterator[Diagnostic]:
    """Yields FLOW154, a warning, for each package or Python that differs, and FLOW155 for each unreadable secret.

    Steps with a locked environment get its packages, unless `environments` (the option) is `off`. Yields FLOW161 for a
    lock that does not fit, and FLOW160 for a missing one, which is an error if the option is `on`.
    """
    from .settings import settings_for

    options = settings_for(path).options
    lacking = flow.steps
    if asks(flow) or options.get("dependencies"):
        if environments != "off":
            from .environments import locks
            from .environments.requests import request_of

            diagnostics = list(locks.problems(flow, path, options))
            for diagnostic in diagnostics:
                yield replace(diagnostic, severity=ERROR) if environments == "on" else diagnostic
            if not any(diagnostic.code == locks.MISSING for diagnostic in diagnostics):
                lacking = tuple(step for step in flow.steps if request_of(flow, step, "") is None)
        for step in lacking:
            yield from _packages(flow, step)
    for step in lacking:  # the others have an environment of their own
        yield from _secrets(step)


def _packages(flow: Flow, step: Step) -> Iterator[Diagnostic]:
    from flowc.compiler.decorators._packages import decorators_of, packages_of, read

    from .environments.requests import is_disabled

    for kind in KINDS if not is_disabled(flow, step) else ():
        requested = packages_of(flow, step, kind)
        if requested is None:
            continue
        asking = decorators_of(flow, step, kind)
        for name, version in requested.packages.items():
            installed = _version_here(name.rpartition("::")[2])
            if installed is None or not _agrees(installed, version):
                owner = next(decorator for decorator in reversed(asking) if name in read(decorator).packages)
                yield _differs(f"package `{name}`", installed or "missing", version, owner)
        if requested.python and not _agrees(_python_here(), requested.python):
            owner = next(decorator for decorator in reversed(asking) if read(decorator).python)
            yield _differs("Python", _python_here(), requested.python, owner)


def _differs(what: str, installed: str, version: str, owner: Decorator) -> Diagnostic:
    asked = f" {version}" if version else ""
    return Diagnostic(
        "FLOW154", f"{what} is {installed} here, but `@{owner.name}` asks for{asked or ' it'}", owner.span,
        "steps whose packages are not locked use the packages of this Python",
        "lock them with `flowc lock`, or run in an environment that has these versions", WARNING,
    )  # fmt: skip


def _agrees(installed: str, requested: str) -> bool:
    """Returns True if the installed version starts with the requested one, or if that is a constraint such as `>=2`."""
    if not requested or not requested[0].isdigit() or "*" in requested or "," in requested:
        return True
    return installed.split(".")[: len(requested.split("."))] == requested.split(".")


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
    for decorator in step.decorators:
        if decorator.name != "secrets":
            continue
        from flowc.compiler.decorators.secrets import read
        from flowc.runtime_shim.contract.secret_clients import SECRET_CLIENTS

        for source in read(decorator).sources:
            module, packages = SECRET_CLIENTS.get(source.backend, ("", ""))
            if module and not _is_importable(module):
                yield Diagnostic(
                    "FLOW155", f"secret `{source.id}` of step `{step.name}` cannot be fetched here", decorator.span,
                    f"it is in {source.backend}, whose client this Python does not have",
                    f"run `pip install {packages}`, or give the step an environment that contains them",
                )  # fmt: skip


def _is_importable(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ImportError:  # a package that it is in does not exist
        return False

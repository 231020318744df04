"""What `Deployer`, `DeployedFlow` and `TriggeredRun` share: errors, places, surroundings (`flowc/deployer.py`)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.target import about, names

from ..options import Usage
from ..terminal import Failure, Output

IMPLEMENTATION = "METAFLOW_DEFAULT_FROM_DEPLOYMENT_IMPL"


class DeploymentError(RuntimeError):
    """A deploy, a start or another verb was refused or failed. The text says why, and what to do."""


class InvalidValue(TypeError, ValueError):
    """A value that a parameter of the flow does not accept. Metaflow raises TypeError."""


def implementations() -> dict[str, str]:
    """Returns the names of Metaflow's deployers → targets."""
    return {about(name).METAFLOW_COMMAND or name: name for name in names()}


class Quiet(Output):
    """An output that keeps what is printed, and shows it if asked."""

    def __init__(self, show: bool) -> None:
        super().__init__()
        self._show, self.lines = show, list[str]()

    def print(self, text: str) -> None:
        self.lines.append(text)
        if self._show:
            super().print(text)

    def print_error(self, text: str) -> None:
        self.lines.append(text)
        if self._show:
            super().print_error(text)


def refusals(function: Any) -> Any:
    """Makes DeploymentError of what commands print as an error, and ValueError of wrong usage."""
    from functools import wraps

    @wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        from flowc.compiler.report.diagnostics import Refused

        try:
            return function(*arguments, **options)
        except Usage as error:
            raise ValueError(f"{error.message}; {error.hint}" if error.hint else error.message) from None
        except (Failure, ShimError) as error:
            raise DeploymentError(str(error)) from None
        except Refused as refused:
            from ..formats import renderer

            raise DeploymentError(renderer("text")(refused.diagnostics, refused.sources, False)) from None

    return wrapper


def asked(question: Callable[[], Any]) -> Any:
    """Returns the answer of an engine or a datastore. Raises DeploymentError."""
    from .place import asked as ask

    return refusals(ask)(question)


_TURN = threading.RLock()  # variables and the current folder are those of the whole process


@contextmanager
def surroundings(env: Mapping[str, str], cwd: str | None) -> Iterator[None]:
    """Gives this process the variables and the current folder, for as long as the context lasts."""
    if not env and cwd is None:
        yield
        return
    with _TURN:
        before, folder = dict(os.environ), os.getcwd()
        os.environ.update(env)
        try:
            if cwd is not None:
                os.chdir(cwd)
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)


def connected(impl: str, context: str, options: Mapping[str, str]) -> tuple[str, Any, Any]:
    """Returns the kind of deployer, its engine and place. Raises ValueError, DeploymentError."""
    from ..runner import _words
    from .place import connect, parse

    known = implementations()
    words = ["--on", context] if context else []
    if not context:
        kind = impl or os.environ.get(IMPLEMENTATION, "") or _of_default_context(known) or "argo-workflows"
        if kind.replace("_", "-") not in known:
            raise ValueError(f"No deployer '{kind}' exists; valid deployers are: {list(known)}")
        target = known[kind.replace("_", "-")]
        words = _default_context(target) or ["--target", target]
    _, there = refusals(parse)([*words, *_words(dict(options))], ())
    kind = next(name for name, target in known.items() if target == there.target)
    if context and impl and known.get(impl.replace("_", "-")) != there.target:
        raise ValueError(f"context '{context}' is for {kind}, not for {impl}")
    return kind, refusals(connect)(there), there


def _of_default_context(known: Mapping[str, str]) -> str:
    from .place import context_of

    target = refusals(context_of)(()).target
    return next((name for name, its in known.items() if its == target), "")


def _default_context(target: str) -> list[str]:
    """Returns the option of the default context, if it is for the target."""
    from .place import context_of

    context = refusals(context_of)(())
    return ["--on", context.name] if context.name and context.target == target else []

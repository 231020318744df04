"""The environments that a flow requests: one `Request` each, merged from a step's and the flow's decorators.

They are merged as Metaflow does. A step without any of these decorators gets the packages of the project's file of
dependencies, if the settings name one. Steps with equal requests share an environment. A step whose environment is
disabled, by either kind of decorator, has none.
"""

from __future__ import annotations

from flowc.compiler.decorators._packages import decorators_of, packages_of, read
from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic, Refused

from .demand import KINDS
from .uv_command import requirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Span, Step

    from .sources import Source

OLDEST_PYTHON = (3, 9)  # the oldest that the shim supports
BASE = "base"  # name of the flow's own environment


CHANNELS = ("conda-forge",)  # of conda, unless the project names others


@record
class Request:
    """The packages and the Python of one environment."""

    packages: tuple[tuple[str, str], ...]  # (normalized name with extras, version specifier or ""), sorted
    python: str  # "3.12"
    lines: tuple[str, ...] = ()  # of a file of dependencies (`sources.py`), sorted
    conda: tuple[tuple[str, str], ...] = ()  # packages of conda, sorted; with `python`, unless there are none
    channels: tuple[str, ...] = ()  # of conda, the first wins

    def requirements(self) -> tuple[str, ...]:
        """Returns the packages of PyPI as requirements (PEP 508)."""
        return (*(requirement(name, version) for name, version in self.packages), *self.lines)


@record
class Wanted:
    """One distinct environment of a flow."""

    name: str  # of its lock: `base`, or the first step that asks for it
    request: Request
    steps: tuple[str, ...]  # in the order of the source
    span: Span | None  # of the decorator that asks for it


def is_disabled(flow: Flow, step: Step) -> bool:
    """Returns True if `disabled` of either kind turns the step's environment off.

    The step's own decorator comes before the flow's.
    """
    for kind in KINDS:
        values = [read(decorator).is_disabled for decorator in decorators_of(flow, step, kind)]
        if next((value for value in reversed(values) if value is not None), False):
            return True
    return False


def of_flow(flow: Flow, path: str, options: dict[str, str]) -> tuple[Wanted, ...]:
    """Returns the environments of the flow in the file `path`. `options` are the settings of its project.

    Raises Refused if the project's file of dependencies cannot be used.
    """
    channels = tuple(word.strip() for word in options.get("channels", "").split(",") if word.strip())
    return wanted(flow, default_python(options), _source(path, options), channels or CHANNELS)


def _source(path: str, options: dict[str, str]) -> Source | None:
    if not options.get("dependencies"):
        return None
    from . import sources

    try:
        return sources.source_of(path, options)
    except sources.BadSource as error:
        why = "`dependencies` in `[tool.flowc]` names it for the steps without a decorator"
        raise Refused([Diagnostic("FLOW162", str(error), None, why, error.how)]) from None


def wanted(
    flow: Flow, default_python: str, source: Source | None = None, channels: tuple[str, ...] = CHANNELS
) -> tuple[Wanted, ...]:
    """Returns the environments that the flow asks for, by first step.

    `default_python` is that of steps whose decorators name none, "" if unknown. `source` is for steps without a
    decorator.
    """
    steps_of: dict[Request, list[Step]] = {}
    for step in flow.steps:
        request = request_of(flow, step, default_python, source, channels)
        if request is not None:
            steps_of.setdefault(request, []).append(step)
    base = _base_name(flow)
    return tuple(_wanted(flow, request, steps, base) for request, steps in steps_of.items())


def _wanted(flow: Flow, request: Request, steps: list[Step], base: str) -> Wanted:
    shared = next((step for step in steps if not any(decorator.name in KINDS for decorator in step.decorators)), None)
    asking = _asking(flow, shared or steps[0])
    return Wanted(
        name=base if shared is not None else steps[0].name,
        request=request,
        steps=tuple(step.name for step in steps),
        span=asking[-1].span if asking else None,
    )


def _asking(flow: Flow, step: Step) -> list[Decorator]:
    """Returns the decorators that apply to the step, the deciding one last."""
    return [decorator for kind in KINDS for decorator in decorators_of(flow, step, kind)]


def _base_name(flow: Flow) -> str:
    return f"{BASE}-of-flow" if any(step.name == BASE for step in flow.steps) else BASE


def request_of(
    flow: Flow,
    step: Step,
    default_python: str,
    source: Source | None = None,
    channels: tuple[str, ...] = CHANNELS,
) -> Request | None:
    """Returns the step's request; None if it asks for nothing, or if its environment is disabled."""
    if is_disabled(flow, step):
        return None
    pypi, conda = packages_of(flow, step, "pypi"), packages_of(flow, step, "conda")
    if pypi is None and conda is None:
        return _of_source(source, default_python, channels) if source is not None else None
    python = (pypi.python if pypi is not None else "") or (conda.python if conda is not None else "")
    # The step's packages come last, so that they win over the flow's under a different spelling of the name.
    packages = {normalized(name): specifier(version) for name, version in pypi.packages.items()} if pypi else {}
    asked: dict[str, str] = {}
    if conda is not None and (conda.packages or pypi is None):
        asked = {conda_name(name): specifier(version) for name, version in conda.packages.items()}
    own = next((version for name, version in asked.items() if _is_python(name)), "")
    python = python or own.lstrip("=").rstrip("*.")
    python = python if python.replace(".", "").isdigit() else ""
    if asked or (conda is not None and pypi is None):
        return _with_conda(packages, python or default_python, (), asked, channels)
    return Request(tuple(sorted(packages.items())), minor(python) if python else default_python)


def _of_source(source: Source, default_python: str, channels: tuple[str, ...]) -> Request:
    if source.conda:
        return _with_conda(
            {}, source.python or default_python, source.lines, dict(source.conda), source.channels or channels
        )
    return Request((), default_python, source.lines)


def _with_conda(
    packages: dict[str, str], python: str, lines: tuple[str, ...], conda: dict[str, str], channels: tuple[str, ...]
) -> Request:
    """Returns the request of a conda environment. It always has a Python of its own."""
    if python and not any(map(_is_python, conda)):
        conda = {**conda, "python": f"=={python}" if python.count(".") > 1 else f"={python}"}
    named = tuple(sorted(packages.items()))
    return Request(named, minor(python) if python else "", lines, tuple(sorted(conda.items())), channels)


def _is_python(name: str) -> bool:
    return name.rpartition("::")[2] == "python"


def conda_name(name: str) -> str:
    """Returns the name as channels know it; it may begin with `channel::`.

    >>> conda_name("conda-forge::Scikit-Learn")
    'conda-forge::scikit-learn'
    """
    channel, separator, package = name.strip().rpartition("::")
    return f"{channel.strip()}{separator}{package.strip().lower()}"


def unlockable_of(flow: Flow, path: str, options: dict[str, str]) -> Iterator[Diagnostic]:
    """Yields FLOW162 for what `flowc lock` cannot lock of the flow in the file `path`. Raises Refused."""
    yield from unlockable(flow, default_python(options), _source(path, options))


def unlockable(flow: Flow, default_python: str, source: Source | None = None) -> Iterator[Diagnostic]:
    """Yields FLOW162 for what `flowc lock` cannot lock."""
    for step in flow.steps:
        if is_disabled(flow, step):
            continue
        yield from _same_names(flow, step)
        request = request_of(flow, step, default_python, source)
        if request is not None:
            yield from _about_python(flow, step, request)


def _same_names(flow: Flow, step: Step) -> Iterator[Diagnostic]:
    for decorator in decorators_of(flow, step, "pypi"):
        seen: dict[str, str] = {}
        for name in read(decorator).packages:
            first = seen.setdefault(normalized(name).partition("[")[0], name)
            if first != name:
                yield _cannot(
                    decorator,
                    f"`{first}` and `{name}` are the same package",
                    "PyPI ignores case, and treats `-`, `_` and `.` as the same character",
                    "name the package once",
                )


def _about_python(flow: Flow, step: Step, request: Request) -> Iterator[Diagnostic]:
    asking = _asking(flow, step)
    decorator = asking[-1] if asking else None
    if not request.python:
        yield _cannot(
            decorator,
            f"the Python version of step `{step.name}` is unknown",
            "packages depend on it, and neither the decorator nor the image's name states it",
            "write `python='3.12'` in the decorator, or `python = \"3.12\"` in `[tool.flowc]` of pyproject.toml",
        )
        return
    parts = tuple(int(word) for word in request.python.split(".") if word.isdigit())
    if len(parts) < 2 or parts < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield _cannot(
            decorator,
            f"step `{step.name}` asks for Python {request.python}",
            f"flowc's code in a task needs Python {oldest} or later, given as two numbers",
            f"write `python='{oldest}'` or a later version",
        )


def _cannot(decorator: Decorator | None, what: str, why: str, how: str) -> Diagnostic:
    return Diagnostic("FLOW162", what, decorator.span if decorator is not None else None, why, how)


def normalized(name: str) -> str:
    """Returns the name as indexes know it (PEP 503), with its extras sorted.

    >>> normalized("Scikit_Learn"), normalized("Requests[socks, Security]")
    ('scikit-learn', 'requests[security,socks]')
    """
    bare, bracket, extras = name.strip().partition("[")
    lowered = _lowered(bare)
    if not bracket:
        return lowered
    named = sorted({_lowered(word) for word in extras.rstrip("] ").split(",") if word.strip()})
    return f"{lowered}[{','.join(named)}]" if named else lowered


def _lowered(name: str) -> str:
    words = name.strip().lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(word for word in words if word)


def specifier(version: str) -> str:
    """Returns the version as Metaflow reads it: a plain one is exact. Accepts `==1.2`, which Metaflow cannot resolve.

    >>> [specifier(each) for each in ("", "1.2", ">=1, <2", "==1.2", "@ https://host/a.whl")]
    ['', '==1.2', '>=1,<2', '==1.2', '@ https://host/a.whl']
    """
    text = version.strip()
    if text.startswith("@"):
        return f"@ {text[1:].strip()}"
    if not text:
        return ""
    return "".join((text if text[0] in "<>!~=" else f"=={text}").split())


def minor(python: str) -> str:
    """Returns the version's first two numbers, which decide which wheels fit.

    >>> minor("3.12.4"), minor("3.12")
    ('3.12', '3.12')
    """
    return ".".join(python.split(".")[:2])


def default_python(options: dict[str, str]) -> str:
    """Returns the Python of steps that name none: `python` of the settings, else the image's; "" if unknown.

    >>> default_python({}), default_python({"image": "python:3.11-slim"}), default_python({"image": "trainer:3"})
    ('3.12', '3.11', '')
    """
    from flowc.targets.target import IMAGE

    if options.get("python"):
        return minor(options["python"])
    name, _, tag = options.get("image", IMAGE).partition("@")[0].rpartition(":")
    parts = tag.split("-")[0].split(".")
    is_python = name.rpartition("/")[2] == "python" and len(parts) > 1 and all(part.isdigit() for part in parts)
    return ".".join(parts[:2]) if is_python else ""

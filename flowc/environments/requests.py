"""The environments that a flow requests: one `Request` each, merged from `@pypi` and `@pypi_base` as Metaflow does.

Steps with equal requests share an environment. A step whose environment is disabled, by either kind of decorator, has
none.
"""

from __future__ import annotations

from flowc.compiler.decorators._packages import decorators_of, packages_of, read
from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic

from .demand import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.decorators._packages import Packages
    from flowc.compiler.ir.nodes import Decorator, Flow, Span, Step

OLDEST_PYTHON = (3, 9)  # the oldest that the shim supports
BASE = "base"  # name of the flow's own environment


@record
class Request:
    """The packages and the Python of one environment."""

    packages: tuple[tuple[str, str], ...]  # (normalized name with extras, version specifier or ""), sorted
    python: str  # "3.12"

    def requirements(self) -> tuple[str, ...]:
        """Returns the packages as requirements (PEP 508)."""
        return tuple(
            f"{name} {version}" if version.startswith("@") else name + version for name, version in self.packages
        )


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


def wanted(flow: Flow, default_python: str) -> tuple[Wanted, ...]:
    """Returns the environments of PyPI packages that the flow asks for, by first step.

    `default_python` is that of steps whose decorators name none, "" if unknown.
    """
    steps_of: dict[Request, list[Step]] = {}
    for step in flow.steps:
        request = request_of(flow, step, default_python)
        if request is not None:
            steps_of.setdefault(request, []).append(step)
    base = _base_name(flow)
    return tuple(_wanted(flow, request, steps, base) for request, steps in steps_of.items())


def _wanted(flow: Flow, request: Request, steps: list[Step], base: str) -> Wanted:
    shared = next((step for step in steps if not any(decorator.name in KINDS for decorator in step.decorators)), None)
    return Wanted(
        name=base if shared is not None else steps[0].name,
        request=request,
        steps=tuple(step.name for step in steps),
        span=decorators_of(flow, shared or steps[0], "pypi")[-1].span,
    )


def _base_name(flow: Flow) -> str:
    return f"{BASE}-of-flow" if any(step.name == BASE for step in flow.steps) else BASE


def request_of(flow: Flow, step: Step, default_python: str) -> Request | None:
    """Returns the step's request.

    None if it asks for nothing or for conda packages, or if its environment is disabled.
    """
    if is_disabled(flow, step):
        return None
    pypi, conda = packages_of(flow, step, "pypi"), packages_of(flow, step, "conda")
    if pypi is None or (conda is not None and conda.packages):
        return None
    python = pypi.python or (conda.python if conda is not None else "")
    # The step's packages come last, so that they win over the flow's under a different spelling of the name.
    packages = {normalized(name): specifier(version) for name, version in pypi.packages.items()}
    return Request(tuple(sorted(packages.items())), minor(python) if python else default_python)


def unlockable(flow: Flow, default_python: str) -> Iterator[Diagnostic]:
    """Yields FLOW162 for what `flowc lock` cannot lock."""
    for step in flow.steps:
        if is_disabled(flow, step):
            continue
        pypi, conda = packages_of(flow, step, "pypi"), packages_of(flow, step, "conda")
        if conda is not None and (conda.packages or pypi is None):
            yield _of_conda(flow, step, pypi)
        if pypi is None:
            continue
        yield from _same_names(flow, step)
        request = request_of(flow, step, default_python)
        if request is not None:
            yield from _about_python(flow, step, request)


def _of_conda(flow: Flow, step: Step, pypi: Packages | None) -> Diagnostic:
    decorator = decorators_of(flow, step, "conda")[-1]
    if pypi is not None and pypi.packages:
        return _cannot(
            decorator,
            f"step `{step.name}` asks for packages of conda and of PyPI",
            "an environment holds packages of one kind, as in Metaflow",
            "name all packages of the step in one of the two decorators, such as `@pypi`",
        )
    return _cannot(
        decorator,
        f"step `{step.name}` asks for a conda environment",
        "flowc locks packages of PyPI only; it does not support conda yet",
        "write `@pypi(packages=…)` if PyPI has the packages; "
        "or use an image that holds them and write `@conda(disabled=True)`",
    )


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
    decorator = decorators_of(flow, step, "pypi")[-1]
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


def _cannot(decorator: Decorator, what: str, why: str, how: str) -> Diagnostic:
    return Diagnostic("FLOW162", what, decorator.span, why, how)


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

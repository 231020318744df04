"""The common parts of `@conda`, `@pypi` and their `_base` forms.

They name packages and a version of Python, and a step's values override the flow's.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import flags
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic


@record
class Packages:
    """The packages and the version of Python in a step's environment."""

    kind: str  # "conda" or "pypi"
    # name → version, or a constraint such as ">=2"; "" for any; a name of conda may be `channel::name`
    packages: dict[str, str]
    python: str  # version; "" for the image's own


@record
class Asked:
    """The packages and the version of Python that one decorator asks for."""

    packages: dict[str, str]  # as in `Packages`
    python: str  # "": not given
    is_disabled: bool | None  # None: not given


def read(decorator: Decorator) -> Asked:
    """Returns the decorator's values as a record."""
    attributes = decorator.attributes
    packages: dict[str, str] = {}
    for name in ("libraries", "packages"):  # `libraries` is the old name; `packages` overrides it
        value = attributes.get(name)
        packages.update({key: str(version) for key, version in value.items()} if isinstance(value, dict) else {})
    return Asked(
        packages,
        _series(str(attributes["python"] or "")),
        None if attributes["disabled"] is None else bool(attributes["disabled"]),
    )


def decorators_of(flow: Flow, step: Step, kind: str) -> list[Decorator]:
    """Returns the decorators of that kind that apply to the step, the flow's first."""
    owners = (*flow.decorators, *step.decorators)
    return [decorator for decorator in owners if decorator.name in (f"{kind}_base", kind)]


def packages_of(flow: Flow, step: Step, kind: str) -> Packages | None:
    """Returns the packages of the step's environment of that kind, or None if none is asked for or it is disabled.

    The flow's `_base` applies to every step, and the step's own decorator overrides it (Metaflow's documentation,
    dependencies).
    """
    asked = [read(decorator) for decorator in decorators_of(flow, step, kind)]
    disabled = next((one.is_disabled for one in reversed(asked) if one.is_disabled is not None), False)
    if not asked or disabled:
        return None
    packages = {name: version for one in asked for name, version in one.packages.items()}
    return Packages(kind, packages, next((one.python for one in reversed(asked) if one.python), ""))


def has_effect(decorator: Decorator) -> bool:
    return read(decorator).is_disabled is not True


def check(decorator: Decorator, _owner: Step | Flow) -> Iterator[Diagnostic]:
    yield from flags(decorator, "disabled")
    yield from _python(decorator)
    for attribute in ("libraries", "packages"):
        value = decorator.attributes.get(attribute)
        if attribute in decorator.attributes and not isinstance(value, dict):
            example = "`packages={'pandas': '2.2.0'}`"
            yield value_error(
                decorator,
                attribute,
                "it must map package names to versions",
                f"write {example.replace('packages', attribute)}",
            )
        for name, version in value.items() if isinstance(value, dict) else ():
            yield from _package(decorator, attribute, name, version)


def _series(version: str) -> str:
    """Returns the version of Python that a constraint asks for: the lowest that it allows, as in `>=3.12,<3.13`."""
    if version[:1].isdigit():
        return version.removesuffix(".*")
    for part in map(str.strip, version.split(",")):
        if part.startswith((">=", "=", "~=")):
            return part.lstrip(">=~ ").removesuffix(".*")
    return ""


def _package(decorator: Decorator, attribute: str, name: str, version: Value) -> Iterator[Diagnostic]:
    channel, separator, package = name.rpartition("::")
    if not package.strip() or (separator and (not channel.strip() or not decorator.name.startswith("conda"))):
        how = "write `channel::name`" if decorator.name.startswith("conda") else "write the name as it is on PyPI"
        yield value_error(decorator, attribute, f"`{name}` is not a valid package name", how)
    if isinstance(version, bool) or not isinstance(version, (str, int)):
        why = f"the version of `{name}` must be text"
        if isinstance(version, float):
            why = f"the version of `{name}` is a number, and numbers lose trailing zeros: 1.10 becomes 1.1"
        yield value_error(
            decorator, attribute, why, f"write `{{'{name}': '{version if isinstance(version, float) else '…'}'}}`"
        )


def _python(decorator: Decorator) -> Iterator[Diagnostic]:
    version = decorator.attributes["python"]
    if isinstance(version, float):
        yield value_error(
            decorator,
            "python",
            "it is a number, and numbers lose trailing zeros: 3.10 becomes 3.1",
            "write it as text: `python='3.10'`",
        )
    elif version is not None and not (
        isinstance(version, str) and (series := _series(version)) and all(part.isdigit() for part in series.split("."))
    ):
        yield value_error(decorator, "python", "it must be a version of Python", "write `python='3.12'`")

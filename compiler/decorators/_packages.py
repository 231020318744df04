"""What `@conda`, `@pypi` and their `_base` forms have in common: packages, a version of Python, and how a step's own come over the flow's."""

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
    """What a step's environment holds."""

    kind: str  # "conda" or "pypi"
    packages: dict[
        str, str
    ]  # name → version, or a constraint such as ">=2"; "" for any; a name of conda may be `channel::name`
    python: str  # version; "" for that of the image


@record
class Asked:
    """What one decorator asks for."""

    packages: dict[str, str]  # as in `Packages`
    python: str  # "" where it names none
    is_disabled: bool | None  # None where it does not say


def read(decorator: Decorator) -> Asked:
    """Returns what the decorator says."""
    given = decorator.attributes
    packages: dict[str, str] = {}
    for name in ("libraries", "packages"):  # `libraries` is the old name; the new one comes over it
        value = given.get(name)
        packages.update({key: str(version) for key, version in value.items()} if isinstance(value, dict) else {})
    return Asked(packages, str(given["python"] or ""), None if given["disabled"] is None else bool(given["disabled"]))


def packages_of(flow: Flow, step: Step, kind: str) -> Packages | None:
    """Returns what the step's environment of that kind holds, None where nobody asks for one, or it is disabled.

    The flow's `_base` counts for every step; what the step itself says comes over it (Metaflow's documentation, dependencies).
    """
    asked = [
        read(decorator)
        for decorator in (*flow.decorators, *step.decorators)
        if decorator.name in (f"{kind}_base", kind)
    ]
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
                "it maps names of packages to versions",
                f"write {example.replace('packages', attribute)}",
            )
        for name, version in value.items() if isinstance(value, dict) else ():
            yield from _package(decorator, attribute, name, version)


def _package(decorator: Decorator, attribute: str, name: str, version: Value) -> Iterator[Diagnostic]:
    channel, separator, package = name.rpartition("::")
    if not package.strip() or (separator and (not channel.strip() or not decorator.name.startswith("conda"))):
        how = "write `channel::name`" if decorator.name.startswith("conda") else "write the name as it is on PyPI"
        yield value_error(decorator, attribute, f"`{name}` cannot be the name of a package", how)
    if isinstance(version, bool) or not isinstance(version, (str, int)):
        why = f"the version of `{name}` is not text"
        if isinstance(version, float):
            why = f"the version of `{name}` is a number, of which the last zeros are lost: 1.10 is 1.1"
        yield value_error(
            decorator, attribute, why, f"write `{{'{name}': '{version if isinstance(version, float) else '…'}'}}`"
        )


def _python(decorator: Decorator) -> Iterator[Diagnostic]:
    version = decorator.attributes["python"]
    if isinstance(version, float):
        yield value_error(
            decorator,
            "python",
            "it is a number, of which the last zeros are lost: 3.10 is 3.1",
            "write it as text: `python='3.10'`",
        )
    elif version is not None and not (
        isinstance(version, str) and version[:1].isdigit() and all(each.isdigit() for each in version.split("."))
    ):
        yield value_error(decorator, "python", "it is a version of Python", "write `python='3.12'`")

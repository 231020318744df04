"""What kinds of values attributes may have: each function yields a diagnostic for every named attribute that has another. None is not given."""

from __future__ import annotations

from .decorator import number, value_error, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Value
    from flowc.compiler.report.diagnostics import Diagnostic


MOST = 1_000_000_000  # of cores, of GPUs, of MiB: what engines still write as a whole number, and no machine has


def amounts(decorator: Decorator, positive: tuple[str, ...], countable: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Numbers, or text of numbers: above 0, or whole and not below 0."""
    for name in positive + countable:
        value = decorator.attributes.get(name)
        if value is None:
            continue
        found = number(value)
        if found is None:
            yield value_error(decorator, name, "it is an amount", "give a number")
        elif name in positive and found <= 0:
            yield value_error(decorator, name, "a task needs more than nothing", "give a number above 0")
        elif name in countable and (found < 0 or found != int(found)):
            yield value_error(decorator, name, "it can only be had in whole units", "give a whole number")
        elif found > MOST:
            yield value_error(decorator, name, f"no machine has more than {MOST:,}", "give a smaller number")


def within(decorator: Decorator, ranges: dict[str, tuple[int, int | None]], unit: str = "") -> Iterator[Diagnostic]:
    """Whole numbers from a least to a greatest one, if there is one."""
    for name, (least, greatest) in ranges.items():
        value = decorator.attributes.get(name)
        found = whole(value)
        if value is not None and (found is None or found < least or (greatest is not None and found > greatest)):
            span = f"from {least}" + (f" to {greatest}" if greatest is not None else "")
            yield value_error(
                decorator, name, f"it is a whole number {span}{unit and ' ' + unit}", "give such a number"
            )


def texts(decorator: Decorator, *names: str, example: str = "") -> Iterator[Diagnostic]:
    """Texts; an empty one is as if it were not given."""
    for name in names:
        value = decorator.attributes.get(name)
        if value is not None and not isinstance(value, str):
            yield value_error(
                decorator, name, "it is text", f"write `{name}={example!r}`" if example else f"write `{name}='…'`"
            )


def flags(decorator: Decorator, *names: str) -> Iterator[Diagnostic]:
    """True or False."""
    for name in names:
        value = decorator.attributes.get(name)
        if value is not None and not isinstance(value, bool):
            yield value_error(decorator, name, "it is either so or not", f"write `{name}=True` or `{name}=False`")


def dicts(decorator: Decorator, *names: str) -> Iterator[Diagnostic]:
    """Dictionaries, of anything."""
    for name in names:
        value = decorator.attributes.get(name)
        if value is not None and not isinstance(value, dict):
            yield value_error(decorator, name, "it is a dictionary", f"write `{name}={{…}}`")


def name_lists(decorator: Decorator, *names: str) -> Iterator[Diagnostic]:
    """A name, several with commas, or a list of names."""
    for name in names:
        value = decorator.attributes.get(name)
        several = [value] if isinstance(value, str) else value
        if value is not None and not (
            isinstance(several, list) and all(isinstance(each, str) and each.strip() for each in several)
        ):
            yield value_error(decorator, name, "it is a name, or a list of names", f"write `{name}=['…']`")


def paths(value: Value) -> bool:
    """True for an absolute path."""
    return isinstance(value, str) and value.startswith("/")

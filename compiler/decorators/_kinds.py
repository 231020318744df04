"""The kinds of values that attributes may have.

Each function yields a diagnostic for every named attribute with a different kind of value; None means that the
attribute is not given.
"""

from __future__ import annotations

from .decorator import number, value_error, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Value
    from flowc.compiler.report.diagnostics import Diagnostic


MOST = 1_000_000_000  # cores, GPUs or MiB: more than any machine has, but engines still write it as a whole number


def amounts(decorator: Decorator, positive: tuple[str, ...], countable: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Accepts numbers, or text of numbers: above 0, or whole and at least 0."""
    for name in positive + countable:
        value = decorator.attributes.get(name)
        if value is None:
            continue
        amount = number(value)
        if amount is None:
            yield value_error(decorator, name, "it must be a number", "give a number")
        elif name in positive and amount <= 0:
            yield value_error(decorator, name, "it must be greater than 0", "give a number greater than 0")
        elif name in countable and (amount < 0 or amount != int(amount)):
            yield value_error(decorator, name, "it must be a whole number", "give a whole number, 0 or more")
        elif amount > MOST:
            yield value_error(decorator, name, f"no machine has more than {MOST:,}", "give a smaller number")


def within(decorator: Decorator, ranges: dict[str, tuple[int, int | None]], unit: str = "") -> Iterator[Diagnostic]:
    """Accepts whole numbers from a least to a greatest one, if there is one."""
    for name, (least, greatest) in ranges.items():
        value = decorator.attributes.get(name)
        whole_number = whole(value)
        if value is not None and (
            whole_number is None or whole_number < least or (greatest is not None and whole_number > greatest)
        ):
            span = f"from {least}" + (f" to {greatest}" if greatest is not None else "")
            yield value_error(
                decorator, name, f"it must be a whole number {span}{unit and ' ' + unit}", "give a number in this range"
            )


def texts(decorator: Decorator, *names: str, example: str = "") -> Iterator[Diagnostic]:
    """Accepts texts; an empty text counts as not given."""
    for name in names:
        value = decorator.attributes.get(name)
        if value is not None and not isinstance(value, str):
            yield value_error(
                decorator, name, "it must be text", f"write `{name}={example!r}`" if example else f"write `{name}='…'`"
            )


def flags(decorator: Decorator, *names: str) -> Iterator[Diagnostic]:
    """Accepts True and False."""
    for name in names:
        value = decorator.attributes.get(name)
        if value is not None and not isinstance(value, bool):
            yield value_error(decorator, name, "it must be True or False", f"write `{name}=True` or `{name}=False`")


def dicts(decorator: Decorator, *names: str) -> Iterator[Diagnostic]:
    """Accepts dictionaries of anything."""
    for name in names:
        value = decorator.attributes.get(name)
        if value is not None and not isinstance(value, dict):
            yield value_error(decorator, name, "it must be a dictionary", f"write `{name}={{…}}`")


def name_lists(decorator: Decorator, *names: str) -> Iterator[Diagnostic]:
    """Accepts a name, several names separated by commas, or a list of names."""
    for name in names:
        value = decorator.attributes.get(name)
        several = [value] if isinstance(value, str) else value
        if value is not None and not (
            isinstance(several, list) and all(isinstance(item, str) and item.strip() for item in several)
        ):
            yield value_error(decorator, name, "it must be a name or a list of names", f"write `{name}=['…']`")


def paths(value: Value) -> bool:
    """Returns True for an absolute path."""
    return isinstance(value, str) and value.startswith("/")

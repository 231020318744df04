"""Choice rules of the Amazon States Language (its section Choice State)."""

from __future__ import annotations

import re

from .paths import path_problem, template_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .paths import Problem

_COMPARED = {"String": str, "Numeric": (int, float), "Timestamp": str}
_ORDERS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
# operator → the type of its operand; None for a path
OPERATORS: dict[str, object] = {f"{kind}{order}": type_ for kind, type_ in _COMPARED.items() for order in _ORDERS}
OPERATORS.update(
    {f"{name}Path": None for name in tuple(OPERATORS)}, BooleanEquals=bool, BooleanEqualsPath=None, StringMatches=str
)
OPERATORS.update(dict.fromkeys(_TESTS, bool))
_COMBINED = ("And", "Or", "Not")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def choice_problems(rules: object, place: str, jsonata: bool) -> Iterator[Problem]:
    """Yields the problems of the field `Choices`, apart from the targets of its rules."""
    if not isinstance(rules, list) or not rules:
        yield place, "must be a list of one or more rules"
        return
    for index, rule in enumerate(rules):
        inside = f"{place}[{index}]"
        if not isinstance(rule, dict):
            yield inside, "must be an object"
            continue
        if "Next" not in rule:
            yield inside, "`Next` is missing"
        if jsonata:
            if "Condition" not in rule:
                yield inside, "`Condition` is missing"
            yield from _unknown(rule, {"Condition", "Next", "Comment", "Assign", "Output"}, inside)
        else:
            yield from template_problems(rule.get("Assign"), f"{inside}.Assign")
            yield from _rule(
                {name: value for name, value in rule.items() if name not in ("Next", "Comment", "Assign")}, inside
            )


def is_timestamp(text: object) -> bool:
    """Returns True for a timestamp of RFC 3339, a profile of ISO 8601, with capital T and Z."""
    return isinstance(text, str) and _TIMESTAMP.fullmatch(text) is not None


def _rule(rule: dict[str, object], place: str) -> Iterator[Problem]:
    operators = [name for name in rule if name in OPERATORS or name in _COMBINED]
    if len(operators) != 1:
        yield (
            place,
            f"must have exactly one operator, not {len(operators)}"
            + (f": {', '.join(operators)}" if operators else ""),
        )
        yield from _unknown(rule, {"Variable", *operators}, place)
        return
    operator = operators[0]
    value = rule[operator]
    if operator in _COMBINED:
        yield from _unknown(rule, {operator}, place)
        parts = [value] if operator == "Not" else value
        if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
            yield (
                f"{place}.{operator}",
                "must be a rule" if operator == "Not" else "must be a list of one or more rules",
            )
            return
        for index, part in enumerate(parts):
            inside = f"{place}.{operator}" + ("" if operator == "Not" else f"[{index}]")
            if "Next" in part:
                yield f"{inside}.Next", "is allowed only in the outermost rule"
            yield from _rule(
                {name: operand for name, operand in part.items() if name not in ("Next", "Comment")}, inside
            )
        return
    yield from _unknown(rule, {operator, "Variable"}, place)
    if "Variable" not in rule:
        yield place, "`Variable` is missing"
    elif problem := path_problem(rule["Variable"]):
        yield f"{place}.Variable", problem
    yield from _operand(operator, value, f"{place}.{operator}")


def _operand(operator: str, value: object, place: str) -> Iterator[Problem]:
    expected = OPERATORS[operator]
    if expected is None:
        problem = path_problem(value)
        if problem:
            yield place, problem
    elif isinstance(value, bool) is not (expected is bool) or not isinstance(value, expected):  # type: ignore[arg-type]
        yield place, f"must be a {'boolean' if expected is bool else 'text' if expected is str else 'number'}"
    elif operator.startswith("Timestamp") and not is_timestamp(value):
        yield place, f"`{value}` is not a timestamp"


def _unknown(rule: dict[str, object], fields: set[str], place: str) -> Iterator[Problem]:
    for name in rule:
        if name not in fields:
            yield f"{place}.{name}", "is not a valid field here"

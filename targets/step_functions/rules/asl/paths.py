"""Rules for paths, intrinsic functions and payload templates of the Amazon States Language, in its JSONPath dialect.

Each function returns the problem with a text, or "". Source: Amazon States Language, Paths, Payload Template, Intrinsic
Functions.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Problem = tuple[str, str]  # (place, message)

# name → (fewest arguments, most; None for any number)
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "Array": (0, None), "ArrayContains": (2, 2), "ArrayGetItem": (2, 2), "ArrayLength": (1, 1),
    "ArrayPartition": (2, 2), "ArrayRange": (3, 3), "ArrayUnique": (1, 1), "Base64Decode": (1, 1),
    "Base64Encode": (1, 1), "Format": (1, None), "Hash": (2, 2), "JsonMerge": (3, 3), "JsonToString": (1, 1),
    "MathAdd": (2, 2), "MathRandom": (2, 3), "StringSplit": (2, 2), "StringToJson": (1, 1), "UUID": (0, 0),
}  # fmt: skip

_NAME = r"[^\W\d][\w-]*"
_FIELD = re.compile(rf"\.{_NAME}|\[(?:'(?:[^'\\]|\\.)+'|\"(?:[^\"\\]|\\.)+\"|\d+)\]")
_STEP = re.compile(
    rf"\.\.?(?:{_NAME}|\*)|\.\.(?=\[)|\[(?:'(?:[^'\\]|\\.)+'|\"(?:[^\"\\]|\\.)+\"|[^\[\]'\"]|\[[^\[\]]*\]|'[^']*'|\"[^\"]*\")+\]"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CALL = re.compile(r"States\.(\w+)\(")
_START = re.compile(r"\$\$?")
_VARIABLE = re.compile(rf"\${_NAME}")


def path_problem(text: object, context: bool = True) -> str:
    """Returns why `text` is not a path, or "". `context`: it may begin with `$$`, the context object."""
    if not isinstance(text, str):
        return "must be a path, a text that begins with `$`"
    end = _path(text, 0)
    if end != len(text):
        return f"`{text}` is not a path"
    return f"`{text}` must not refer to the context object" if text.startswith("$$") and not context else ""


def reference_path_problem(text: object) -> str:
    """Returns why `text` is not a reference path, or "": `$`, then only names and indices, so that it is one place."""
    if not isinstance(text, str):
        return "must be a reference path, a text that begins with `$`"
    if not text.startswith("$") or text.startswith("$$"):
        return f"`{text}` is not a reference path"
    at = 1
    while at < len(text) and (match := _FIELD.match(text, at)):
        at = match.end()
    return "" if at == len(text) else f"`{text}` is not a reference path"


def value_problem(text: object) -> str:
    """Returns why `text` is neither a path nor an intrinsic function, as a field named `….$` requires; or ""."""
    if not isinstance(text, str):
        return "must be a path or an intrinsic function, since the field's name ends in `.$`"
    if text.startswith("States."):
        try:
            end = _call(text, 0)
        except _Wrong as error:
            return f"`{text}`: {error}"
        return "" if end == len(text) else f"`{text}`: `{text[end:]}` follows the end of the function"
    return path_problem(text) if text.startswith("$") else f"`{text}` is neither a path nor an intrinsic function"


def template_problems(template: object, place: str) -> Iterator[Problem]:
    """Yields the problems of a payload template: of the values of fields whose names end in `.$`."""
    if isinstance(template, list):
        for index, item in enumerate(template):
            yield from template_problems(item, f"{place}[{index}]")
    if not isinstance(template, dict):
        return
    for name, value in template.items():
        inside = f"{place}.{name}"
        if not name.endswith(".$"):
            yield from template_problems(value, inside)
            continue
        if name[:-2] in template:
            yield inside, f"`{name[:-2]}` occurs twice, with and without `.$`"
        problem = value_problem(value)
        if problem:
            yield inside, problem


class _Wrong(ValueError):
    pass


def _path(text: str, at: int) -> int:
    """Returns the index after the path that begins at `at`, or -1."""
    match = _VARIABLE.match(text, at) or _START.match(text, at)
    if not match:
        return -1
    at = match.end()
    while match := _STEP.match(text, at):
        at = match.end()
    return at


def _call(text: str, at: int) -> int:
    """Returns the index after the function call that begins at `at`. Raises _Wrong."""
    match = _CALL.match(text, at)
    if not match:
        raise _Wrong(f"`{text[at:]}` is not a function call")
    name = match.group(1)
    if name not in FUNCTIONS:
        raise _Wrong(f"there is no function `States.{name}`")
    arguments: list[str] = []
    at = _space(text, match.end())
    while at < len(text) and text[at] != ")":
        if arguments:
            if text[at] != ",":
                raise _Wrong(f"`,` or `)` is missing before `{text[at:]}`")
            at = _space(text, at + 1)
        end = _argument(text, at)
        arguments.append(text[at:end])
        at = _space(text, end)
    if at >= len(text):
        raise _Wrong(f"`States.{name}(` is never closed")
    _check_arguments(name, arguments)
    return at + 1


def _argument(text: str, at: int) -> int:
    if text.startswith("'", at):
        return _quoted(text, at)
    if text.startswith("States.", at):
        return _call(text, at)
    if text.startswith("$", at):
        return _path(text, at)
    for word in ("true", "false", "null"):
        if text.startswith(word, at):
            return at + len(word)
    number = _NUMBER.match(text, at)
    if not number:
        raise _Wrong(f"`{text[at:]}` is not an argument: write a text in `'`, a number, a path or a function")
    return number.end()


def _quoted(text: str, at: int) -> int:
    index = at + 1
    while index < len(text):
        if text[index] == "\\":
            if text[index + 1 : index + 2] not in ("'", "{", "}", "\\"):
                raise _Wrong(
                    f"`\\{text[index + 1 : index + 2]}` is not an escape: only `'`, `{{`, `}}` and `\\` can be escaped"
                )
            index += 2
        elif text[index] == "'":
            return index + 1
        else:
            index += 1
    raise _Wrong("a text in `'` is never closed")


def _check_arguments(name: str, arguments: list[str]) -> None:
    fewest, most = FUNCTIONS[name]
    if len(arguments) < fewest or (most is not None and len(arguments) > most):
        expected = str(fewest) if fewest == most else f"{fewest} or more" if most is None else f"{fewest} to {most}"
        raise _Wrong(f"`States.{name}` takes {expected} arguments, not {len(arguments)}")
    if name == "Format" and arguments[0].startswith("'"):
        plain = re.sub(r"\\.", "", arguments[0])
        if plain.count("{}") != len(arguments) - 1:
            raise _Wrong(f"the format has {plain.count('{}')} `{{}}`, but {len(arguments) - 1} values")
        if "{" in (rest := plain.replace("{}", "")) or "}" in rest:
            raise _Wrong("write a literal `{` or `}` of the format with a backslash before it")


def _space(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at

"""Escaping by construction: every value in a template becomes a complete literal of the template's language.

`LANGUAGES` maps a template's extension to the function that writes a value; a template cannot forget it. The functions
accept JSON's types (None, bool, int, float, str, list or tuple, dict with text keys), and raise TypeError for any
other.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str, astral: str = "\\U{:08x}") -> str:
    """Returns the text in double quotes, on one line, with the escapes that YAML and Python share.

    Printable characters are not escaped.
    """
    short = _with_short_escapes(text)
    if short.isprintable():
        return f'"{short}"'
    return '"' + "".join(_escaped(character, astral) for character in text) + '"'


def _with_short_escapes(text: str) -> str:
    """Returns the text with the escapes of `_SHORT`: all that most texts need, at the speed of `str.replace`."""
    if '"' not in text and text.isprintable() and "\\" not in text:
        return text
    text = text.replace("\\", _SHORT["\\"])  # first: the other escapes begin with one
    for character in '"\n\r\t':
        text = text.replace(character, _SHORT[character])
    return text


def _escaped(character: str, astral: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else astral.format(code)


# ── YAML ──

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")
_NOT_TEXT = frozenset("y n yes no on off true false null none".split())


def yaml(value: Any) -> str:
    """Returns a scalar, or a collection in flow style, that YAML 1.1 and 1.2 read back as exactly this value."""
    if isinstance(value, str):
        first = value[:1]
        plain = (
            first.isascii()
            and (first.isalpha() or first in "_/")
            and _PLAIN.issuperset(value)
            and value.lower() not in _NOT_TEXT
        )
        if plain and value:
            return str(value)
        readable = value.isprintable() and ('"' in value or "\\" in value) and "'" not in value
        return f"'{value}'" if readable else quoted(value)
    if isinstance(value, float):
        return _yaml_float(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(yaml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_yaml_key(key)}: {yaml(item)}" for key, item in value.items()) + "}"
    return _constant(value, "null", "true", "false")


def _yaml_key(key: Any) -> str:
    text = yaml(_key(key))
    return text if len(text) < 1000 else f"? {text} "  # without `?`, a key has at most 1,024 characters


def _yaml_float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return {"inf": ".inf", "-inf": "-.inf"}.get(repr(value), ".nan")
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{exponent}{power}"  # YAML 1.1 reads 1e16 as text


# ── JSON ──


def json(value: Any) -> str:
    """Returns JSON text on one line. Raises ValueError for a number that JSON does not have."""
    if isinstance(value, str):
        return _json_text(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"JSON has no number {value!r}")
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json_text(_key(key))}: {json(item)}" for key, item in value.items()) + "}"
    return _constant(value, "null", "true", "false")


def _json_text(text: str) -> str:
    if len(text) > _LONG:
        if text not in _last_long:
            _last_long.clear()
            _last_long[text] = _json_quoted(text)
        return _last_long[text]
    return _json_quoted(text)


_LONG = 1000  # characters; a program as long as that may be in the command of each step
_last_long: dict[str, str] = {}  # the last such text, and its JSON


def _json_quoted(text: str) -> str:
    short = _with_short_escapes(text)
    if short.isprintable():
        return f'"{short}"'
    return (
        '"'
        + "".join(
            _escaped(character, "") if ord(character) <= 0xFFFF or character.isprintable() else _pair(character)
            for character in text
        )
        + '"'
    )


def _pair(character: str) -> str:
    code = ord(character) - 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


# ── Python ──


def python(value: Any) -> str:
    """Returns a literal of any Python 3, on one line."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else f'float("{value!r}")'
    if isinstance(value, list):
        return "[" + ", ".join(map(python, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(python, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(_key(key))}: {python(item)}" for key, item in value.items()) + "}"
    return _constant(value, "None", "True", "False")


# ── shell ──


def shell(value: Any) -> str:
    """Returns one word of a POSIX shell, or one word for each item of a list.

    Raises ValueError for a NUL character, which no argument can contain.
    """
    if isinstance(value, (list, tuple)):
        return " ".join(map(shell, value))
    text = (
        value
        if isinstance(value, str)
        else _constant(value, "", "true", "false")
        if not isinstance(value, float)
        else repr(value)
    )
    if "\0" in text:
        raise ValueError("a shell has no NUL character")
    if text and _PLAIN.issuperset(text) and not text.startswith("-"):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def _constant(value: Any, null: str, true: str, false: str) -> str:
    if value is None:
        return null
    if value is True or value is False:
        return true if value else false
    if isinstance(value, int):
        return int.__repr__(value)
    raise TypeError(f"a template cannot write a value of type {type(value).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a template cannot write a key of type {type(key).__name__}")
    return key


LANGUAGES: dict[str, Callable[[Any], str]] = {"yaml": yaml, "json": json, "py": python, "sh": shell}


# ── filters ──


def comment(text: str) -> str:
    """Returns the text on one line, without anything that could end a comment of YAML, Python or a shell."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def identifier(text: str) -> str:
    """Returns the text, if it is a Python identifier. Raises ValueError otherwise.

    It is the only text that goes into a program unquoted.
    """
    import keyword

    if not text.isascii() or not text.isidentifier() or keyword.iskeyword(text):
        raise ValueError(f"{text!r} is not an identifier")
    return text

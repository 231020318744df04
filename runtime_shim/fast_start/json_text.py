"""JSON without the library's `json`, whose imports (`re`, `enum`) take longer than a task may.

This module calls the same C code directly. That code is private to CPython. Where it is missing or has changed, the
library does the work.

The plain version is `json.dumps` and `json.loads`. Deleting this file costs 7 ms a task: the processor time of `import
json`, where Python itself starts in 9 ms.

>>> loads(dumps({"a": [1, 2.5, None, "é"]}))
{'a': [1, 2.5, None, 'é']}
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Context:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__
    memo: Any = None

    def __init__(self) -> None:
        self.memo = {}


def _refuse(value: object) -> object:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


try:
    from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

    _scan = make_scanner(_Context())  # type: ignore[arg-type]
    assert _scan('{"a": [1, "b"]}', 0) == ({"a": [1, "b"]}, 15)
    assert (
        "".join(make_encoder({}, _refuse, encode_basestring, None, ":", ",", False, False, True)({"a": [1, "b"]}, 0))
        == '{"a":[1,"b"]}'
    )
    _direct = True
except Exception:  # a different interpreter, or a different version of it
    _direct = False


def loads(text: str) -> Any:
    """Returns the value. Raises ValueError."""
    if not _direct:
        import json

        return json.loads(text)
    start = len(text) - len(text.lstrip(" \t\n\r"))
    try:
        value, end = _scan(text, start)
    except StopIteration as error:
        raise ValueError(f"no JSON at character {error.value}") from None
    except SystemError:  # the C code needs an exception of `json.decoder`, but does not import it
        import json

        return json.loads(text)
    if text[end:].strip(" \t\n\r"):
        raise ValueError(f"more than JSON at character {end}")
    return value


def dumps(value: Any, ascii_only: bool = False) -> str:
    """Returns the value's JSON without spaces. Raises TypeError for what JSON cannot hold.

    Characters stay as they are, or are escaped as ASCII with `ascii_only`.
    """
    if not _direct:
        import json

        return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
    quote = encode_basestring_ascii if ascii_only else encode_basestring
    return "".join(make_encoder({}, _refuse, quote, None, ":", ",", False, False, True)(value, 0))

"""`metaflow.util`: the helpers of Metaflow's that flows use: the user's name, text and bytes, and names of keys."""

from __future__ import annotations

import os
from shutil import which as which

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Optional, Tuple

unicode_type, bytes_type = str, bytes


def get_username() -> Optional[str]:
    """Returns the user's name, as Metaflow finds it; None if nothing but `root` is known."""
    from . import metaflow_config

    names = [metaflow_config.USER, *(os.environ.get(name) for name in ("SUDO_USER", "USERNAME", "USER"))]
    return next((name for name in names if name and name != "root"), None)


def resolve_identity_as_tuple() -> Tuple[str, str]:
    """Returns ("production", token) or ("user", name). Raises MetaflowUnknownUser."""
    token = os.environ.get("METAFLOW_PRODUCTION_TOKEN")
    if token:
        return "production", token
    user = get_username()
    if user:
        return "user", user
    from ..exceptions import MetaflowUnknownUser

    raise MetaflowUnknownUser


def resolve_identity() -> str:
    """Returns `production:TOKEN` or `user:NAME`. Raises MetaflowUnknownUser."""
    return ":".join(resolve_identity_as_tuple())


def to_unicode(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def to_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def to_fileobj(value: Any) -> Any:
    """Returns a file of bytes that holds the text or bytes."""
    from io import BytesIO

    return BytesIO(to_bytes(value))


def is_stringish(value: Any) -> bool:
    return isinstance(value, (str, bytes))


def all_equal(values: Iterable[Any]) -> bool:
    """Returns True if all the values are equal, and for none."""
    values = list(values)
    return all(value == values[0] for value in values)


def url_quote(url: Any) -> bytes:
    from urllib.parse import quote

    return quote(to_bytes(url), safe="/:").encode("ascii")


def url_unquote(url: Any) -> str:
    from urllib.parse import unquote

    return unquote(to_unicode(url))


def to_camelcase(value: Any) -> Any:
    """Returns the value with the keys of its dicts as camelCase instead of snake_case."""
    import re

    return _with_keys(value, lambda key: re.sub(r"(?!^)_([a-zA-Z])", lambda match: match.group(1).upper(), key))


def to_pascalcase(value: Any) -> Any:
    """Returns the value with the first letter of the keys of its dicts in upper case."""
    import re

    return _with_keys(value, lambda key: re.sub("[a-zA-Z]", lambda match: match.group().upper(), key, count=1))


def _with_keys(value: Any, changed: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return type(value)((changed(key), _with_keys(item, changed)) for key, item in value.items())
    if isinstance(value, (list, set, tuple)):
        return type(value)(_with_keys(item, changed) for item in value)
    return value


def cached_property(getter: Callable[[Any], Any]) -> property:
    """Makes a property that computes its value once for each object."""
    name = f"_cached_{getter.__name__}"

    def value(self: Any) -> Any:
        if name not in self.__dict__:
            self.__dict__[name] = getter(self)
        return self.__dict__[name]

    return property(value)


class TempDir:
    """A context manager that makes a temporary folder, gives its path, and removes it."""

    def __enter__(self) -> str:
        from tempfile import mkdtemp

        self.name = mkdtemp()
        return self.name

    def __exit__(self, *_: Any) -> None:
        from shutil import rmtree

        rmtree(self.name)

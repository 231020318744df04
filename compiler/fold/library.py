"""Python's functions and methods that folding supports.

They depend only on their arguments, and give the same result on every machine.

`FUNCTIONS` are the builtins, `LIBRARY` the functions of the standard library by their qualified names; each takes the
folder, the arguments and the named arguments. Methods are those of `METHODS`, by the type of their object.
"""

from __future__ import annotations

from .budget import MAX_ITEMS, MAX_WEIGHT, MAX_WIDTH, Failing, Unfoldable, Unknown, is_ordered, keys
from .values import (
    PLACE,
    Elsewhere,
    Environment,
    Function,
    Late,
    Library,
    Method,
    Settings,
    TooEarly,
    Unsaid,
    has_place,
    is_function,
    settings,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .values import Folding

_TYPES: dict[str, type] = {
    kind.__name__: kind for kind in (str, int, float, bool, list, dict, set, frozenset, tuple, bytes)
}
_SIMPLE: dict[str, Any] = {
    function.__name__: function for function in (len, abs, divmod, ord, chr, bool, float, ascii, hex, oct, bin, slice)
}
FUNCTIONS = frozenset(
    (
        *_TYPES,
        *_SIMPLE,
        *(
            "list tuple enumerate zip reversed sum map filter min max sorted range round any all repr format "
            "isinstance getattr hasattr pow vars callable open"
        ).split(),
    )
)
LIBRARY = frozenset(
    (
        "os.path.join os.path.dirname os.path.basename os.path.normpath os.path.split os.path.splitext "
        "os.path.isabs os.path.abspath os.path.expanduser os.getcwd pathlib.Path.cwd pathlib.Path.home "
        "os.path.realpath os.sep os.path.sep os.linesep os.getenv os.environ json.loads json.dumps textwrap.dedent "
        "textwrap.indent "
        "datetime.timedelta dict.fromkeys math.ceil math.floor math.sqrt math.log math.log2 math.log10 math.pi "
        "math.e math.tau math.prod numpy.pi numpy.e scipy.pi "
        "string.ascii_letters string.ascii_lowercase string.ascii_uppercase string.digits string.punctuation "
        "string.hexdigits string.octdigits string.printable string.whitespace copy.copy copy.deepcopy "
        "datetime.datetime datetime.date datetime.datetime.strptime datetime.datetime.fromisoformat "
        "datetime.date.fromisoformat datetime.timezone.utc os.path.exists os.path.isfile io.open json.load "
        "io.StringIO io.BytesIO itertools.product "
        "itertools.chain functools.reduce platform.python_version_tuple sys.version_info sys.version_info.major "
        "shlex.quote shlex.join collections.OrderedDict pathlib.Path pathlib.PurePath pathlib.PurePosixPath "
        "yaml.safe_load yaml.full_load yaml.load yaml.SafeLoader yaml.FullLoader yaml.Loader yaml.CSafeLoader "
        "tomllib.loads tomli.loads tomllib.load tomli.load toml.loads toml.load "
        "omegaconf.OmegaConf.load omegaconf.OmegaConf.create omegaconf.OmegaConf.to_container"
    ).split()
)
VALUES = frozenset(
    (
        "os.sep",
        "os.path.sep",
        "os.linesep",
        "math.pi",
        "math.e",
        "math.tau",
        "numpy.pi",
        "numpy.e",
        "scipy.pi",
        "string.ascii_letters",
        "string.ascii_lowercase",
        "string.ascii_uppercase",
        "string.digits",
        "string.punctuation",
        "string.hexdigits",
        "string.octdigits",
        "string.printable",
        "string.whitespace",
        "datetime.timezone.utc",
        "os.environ",
        "sys.version_info",
        "sys.version_info.major",
    )
)

METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        (
            "capitalize casefold center count encode endswith expandtabs find format index isalnum isalpha isascii "
            "isdecimal isdigit isidentifier "
            "islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip partition removeprefix "
            "removesuffix replace rfind rindex "
            "rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper zfill format_map"
        ).split()
    ),
    bytes: frozenset(["decode", "hex", "split", "strip", "splitlines", "startswith", "endswith"]),
    list: frozenset(["copy", "count", "index"]),
    tuple: frozenset(["count", "index"]),
    dict: frozenset(["copy", "get", "items", "keys", "values", "to_dict"]),
    set: frozenset(
        ["copy", "difference", "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union"]
    ),
    int: frozenset(["bit_length"]),
    float: frozenset(["is_integer"]),
}
METHODS[frozenset] = METHODS[set]
_DURATION = ("days", "seconds", "microseconds")
_DATES = ("datetime", "date")
_PARTS_OF_DATES = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_OF_DATES = ("isoformat", "strftime", "date", "weekday", "isoweekday", "toordinal", "replace")


def attribute(value: Any, name: str) -> Any:
    """Returns the attribute of a folded value. Raises Unfoldable for an unknown one."""
    if type(value).__name__ == "timedelta":
        return getattr(value, name) if name in _DURATION else Method(value, name)
    if type(value).__name__ in _DATES and name in _PARTS_OF_DATES:
        return getattr(value, name)
    if type(value).__name__ == "PurePosixPath" and name in ("parent", "name", "stem", "suffix"):
        return getattr(value, name)
    if type(value).__name__ == "PurePosixPath" and name == "parents":
        return tuple(value.parents)
    if value is _VERSION_INFO and name == "major":
        return value[0]
    if isinstance(value, (Method, Function)):
        raise Unfoldable(f"`.{name}` of a function is not known before the flow runs")
    return Method(value, name)


def call(folder: Folding, function: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Calls a `Method` or a `Library` function."""
    if isinstance(function, Method):
        return _method(
            folder,
            function,
            [folder.usable(argument) for argument in arguments],
            {name: folder.usable(value) for name, value in named.items()},
        )
    if isinstance(function, Late):
        raise TooEarly(f"`{function.name}` has no value yet while Python makes the class, as with Metaflow")
    if not isinstance(function, Library):
        raise Unfoldable("the called value is not a function")
    name = function.name
    if name in ("map", "filter", "sorted", "min", "max", "isinstance", "callable", "functools.reduce", "yaml.load"):
        checked = arguments
    else:
        checked = [folder.usable(argument) for argument in arguments]
    for value in (*checked, *named.values()):
        folder.budget.spend(folder.budget.weight(value) // 2 + 1)
    return _library(folder, name, checked, named)


def _library(folder: Folding, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    if name == "len" and has_place(arguments[0]):
        raise Elsewhere("the path of the flow's file differs from machine to machine")
    if name == "len" and hasattr(arguments[0], "listed"):
        return len(arguments[0].listed(folder))
    own = globals().get("_call_" + name.replace(".", "_"))
    if own is not None:
        return own(folder, arguments, named)
    if name in _SIMPLE:
        return _SIMPLE[name](*arguments, **named)
    if name.partition(".")[0] in ("yaml", "tomllib", "tomli", "toml") and name in LIBRARY:
        return _parsed(folder, name, arguments, named)
    if name not in LIBRARY:
        raise Unknown(f"what `{name}(…)` returns is not known before the flow runs")
    home, _, last = name.rpartition(".")
    if home in ("datetime.datetime", "datetime.date"):
        import datetime

        return getattr(getattr(datetime, home[9:]), last)(*arguments, **named)
    if home == "os.path":
        import posixpath as module  # equal on every machine

        if last in ("abspath", "realpath"):
            arguments = [_absolute(folder, str(arguments[0]))]
            last = "normpath"
        elif last == "expanduser":
            return _of_user(folder, str(*arguments))
    else:
        from importlib import import_module

        module = import_module(home)
    result = getattr(module, last)(*arguments, **named)
    return list(result) if home == "itertools" else result


def value_of(name: str) -> Any:
    """Returns the value of a constant of the library: one of VALUES, except `os.environ`."""
    if name in ("os.sep", "os.path.sep"):
        return "/"
    if name == "os.linesep":
        return "\n"
    if name == "sys.version_info.major":
        return 3
    if name == "sys.version_info":
        return _VERSION_INFO
    if name == "datetime.timezone.utc":
        from datetime import timezone

        return timezone.utc
    from importlib import import_module

    home, _, last = name.rpartition(".")
    return getattr(import_module("math" if home in ("numpy", "scipy") else home), last)


# ── functions with rules of their own ────────────────────────────────────────────────────────────────────────────────


_AFTER_MAJOR = tuple(Unsaid(f"the {part} version of the Python that runs the flow") for part in ("minor", "micro"))
_VERSION_INFO = (3, *_AFTER_MAJOR)


def _call_platform_python_version_tuple(_folder: Folding, _arguments: list[Any], _named: dict[str, Any]) -> Any:
    return ("3", *_AFTER_MAJOR)  # every Python that runs flows is Python 3


def _call_range(_folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    numbers = range(*arguments, **named)
    if len(numbers) > MAX_ITEMS:
        raise Unfoldable("the range is too long")
    return numbers


def _call_int(_folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    if arguments and isinstance(arguments[0], (str, bytes)) and len(arguments[0]) > 4000:
        raise Unfoldable("the number is too large")
    return int(*arguments, **named)


def _call_pow(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    import _ast

    if len(arguments) != 2 or named:
        raise Unfoldable("`pow` is supported with two arguments only")
    return folder.operate(_ast.Pow, *arguments)


def _call_round(_folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    digits = named.get("ndigits", arguments[1] if len(arguments) > 1 else 0)
    if isinstance(digits, int) and abs(digits) > 1000:
        raise Unfoldable("the number of digits is too large")
    return round(*arguments, **named)


def _call_str(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return _text(str, folder, arguments, named)


def _call_repr(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return _text(repr, folder, arguments, named)


def _text(how: Any, folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    if arguments and how is str and hasattr(arguments[0], "is_object"):
        from .objects import text_of

        return text_of(folder, arguments[0])
    if arguments and not is_ordered(arguments[0]):
        raise Unfoldable("its text differs from run to run")
    return how(*arguments, **named)


def _call_format(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return (
        folder.formatted(arguments[0], -1, *arguments[1:], **named)
        if len(arguments) > 1
        else folder.formatted(arguments[0], -1, "")
    )


def _call_list(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return folder.iterate(*arguments) if arguments else []


def _call_tuple(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return tuple(folder.iterate(*arguments)) if arguments else ()


def _call_set(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return set(_hashable(*arguments)) if arguments else set()


def _call_frozenset(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return frozenset(_hashable(*arguments)) if arguments else frozenset()


def _hashable(several: Any) -> Any:
    items = list(several)
    keys(items)
    return items


def _call_dict(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    if arguments and not isinstance(arguments[0], dict):
        arguments = [[tuple(folder.iterate(pair)) for pair in folder.iterate(arguments[0])]]
        keys(pair[0] for pair in arguments[0] if pair)
    return dict(*arguments, **named)


def _call_collections_OrderedDict(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return _call_dict(folder, arguments, named)


def _call_dict_fromkeys(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return dict.fromkeys(_hashable(folder.iterate(arguments[0])), *arguments[1:], **named)


def _call_enumerate(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return list(enumerate(folder.iterate(arguments[0]), *arguments[1:], **named))


def _call_zip(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return list(zip(*(folder.iterate(argument) for argument in arguments), **named))


def _call_reversed(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return folder.iterate(*arguments)[::-1]


def _call_itertools_product(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    import itertools

    lists = [folder.iterate(argument) for argument in arguments]
    count = 1
    for items in lists:
        count *= len(items)
    if named or count * max(1, len(lists)) > MAX_ITEMS:
        raise Unfoldable("the product is too large")
    return list(itertools.product(*lists))


def _call_itertools_chain(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return [item for argument in arguments for item in folder.iterate(argument)]


def _call_sum(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    start = arguments[1] if len(arguments) > 1 else named.get("start", 0)
    items = list(arguments[0]) if isinstance(arguments[0], (set, frozenset)) else folder.iterate(arguments[0])
    if not isinstance(start, (int, float)):
        folder.budget.spend(len(items) * folder.budget.weight(arguments[0]) // 8)
    return sum(items, start)


def _call_map(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return [
        folder.call(arguments[0], list(group), {})
        for group in zip(*(folder.iterate(folder.usable(argument)) for argument in arguments[1:]))
    ]


def _call_filter(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    items = folder.iterate(folder.usable(arguments[1]))
    return [item for item in items if (item if arguments[0] is None else folder.call(arguments[0], [item], {}))]


def _call_sorted(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    value, key = folder.usable(arguments[0]), named.get("key")
    if key is not None or not isinstance(value, (set, frozenset)):
        items = folder.iterate(value)  # a set with a key: equal keys would keep the set's own order
    else:
        items = list(value)
    return sorted(items, key=_key(folder, key), reverse=bool(named.get("reverse", False)))


def _call_min(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return _extreme(min, folder, arguments, named)


def _call_max(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return _extreme(max, folder, arguments, named)


def _extreme(how: Any, folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    usable = [folder.usable(argument) for argument in arguments]
    items = usable
    if len(usable) == 1:
        items = (
            list(usable[0])
            if isinstance(usable[0], (set, frozenset)) and "key" not in named
            else folder.iterate(usable[0])
        )
    rest = {name: value for name, value in named.items() if name != "key"}
    return how(items, key=_key(folder, named.get("key")), **rest)


def _key(folder: Folding, function: Any) -> Any:
    return None if function is None else lambda item: folder.usable(folder.call(function, [item], {}))


def _call_any(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return any(arguments[0])


def _call_all(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return all(arguments[0])


def _call_callable(_folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> bool:
    (value,) = arguments
    if is_function(value):
        return True
    if isinstance(value, (Late, Unsaid)) or hasattr(value, "is_object"):
        raise Unfoldable("whether an object can be called is not known before the flow runs")
    return False


def _call_functools_reduce(folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    function, several, *first = arguments
    items = [*first, *folder.iterate(several)]
    if not items:
        raise TypeError("reduce() of empty iterable with no initial value")
    value = items[0]
    for item in items[1:]:
        value = folder.call(function, [value, item], {})
    return value


def _call_isinstance(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    value, kinds = folder.usable(arguments[0]), arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
    if any(hasattr(kind, "make") for kind in kinds):
        from .objects import is_kind

        if any(is_kind(value, kind) for kind in kinds):
            return True
        kinds = tuple(kind for kind in kinds if not hasattr(kind, "make"))
    if not all(isinstance(kind, Library) and kind.name in _TYPES for kind in kinds):
        raise Unfoldable("`isinstance` is supported for built-in types only")
    return isinstance(value, tuple(_TYPES[kind.name] for kind in kinds))


def _call_getattr(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    if isinstance(arguments[0], Settings) and len(arguments) == 3:
        return arguments[0].get(arguments[1], arguments[2])
    if len(arguments) == 3 and hasattr(arguments[0], "is_object"):
        try:
            return folder.attribute(arguments[0], arguments[1])
        except Failing:
            return arguments[2]
    return folder.attribute(arguments[0], arguments[1])


def _call_vars(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    if len(arguments) != 1:
        raise Unfoldable("`vars` is supported with one argument only")
    return folder.attribute(arguments[0], "__dict__")


def _call_hasattr(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    if isinstance(arguments[0], Settings):
        return arguments[1] in arguments[0]
    if hasattr(arguments[0], "is_object"):
        try:
            folder.attribute(arguments[0], arguments[1])
        except Failing:
            return False
        return True
    raise Unfoldable("`hasattr` is supported for configurations only")


def _call_os_getenv(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return folder.lookup(f"{PLACE}environment").get(
        *arguments, **{"default" if name == "default" else name: value for name, value in named.items()}
    )


def _call_json_loads(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    import json

    if named:
        raise Unfoldable("`json.loads` is supported without further arguments only")
    return json.loads(*arguments)


def _call_json_dumps(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    import json

    if not set(named) <= {"indent", "sort_keys", "separators", "ensure_ascii"}:
        raise Unfoldable("an argument of `json.dumps` is not supported")
    indent = named.get("indent")
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= 16):
        raise Unfoldable("`indent` must be from 0 to 16")
    if folder.budget.weight(list(named.get("separators") or ())) > 40:
        raise Unfoldable("the separators are too long")
    return json.dumps(*arguments, **named)


def _call_os_getcwd(folder: Folding, _arguments: list[Any], _named: dict[str, Any]) -> Any:
    return folder.lookup(f"{PLACE}current")


def _call_pathlib_Path_cwd(folder: Folding, _arguments: list[Any], _named: dict[str, Any]) -> Any:
    return _call_pathlib_Path(folder, [folder.lookup(f"{PLACE}current")], {})


def _call_pathlib_Path_home(folder: Folding, _arguments: list[Any], _named: dict[str, Any]) -> Any:
    return _call_pathlib_Path(folder, [folder.lookup(f"{PLACE}home")], {})


def _absolute(folder: Folding, path: str) -> str:
    import posixpath

    is_known = path.startswith(("/", "~"))
    return path if is_known else posixpath.join(folder.lookup(f"{PLACE}current"), path)


def _of_user(folder: Folding, path: str) -> str:
    if path != "~" and not path.startswith("~/"):
        if path.startswith("~"):
            raise Unfoldable("another user's home differs from machine to machine")
        return path
    return str(folder.lookup(f"{PLACE}home")) + path[1:]


def _call_pathlib_Path(_folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    from pathlib import PurePosixPath

    return PurePosixPath(*arguments)


_call_pathlib_PurePath = _call_pathlib_PurePosixPath = _call_pathlib_Path


def _call_math_prod(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    product: Any = named.get("start", 1)
    for factor in folder.iterate(arguments[0]):
        product = folder.budget.made(product * factor)
    return product


def _call_copy_deepcopy(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    return unshared(arguments[0])


def unshared(value: Any) -> Any:
    """Returns a copy that shares no mutable part."""
    if isinstance(value, dict):
        return type(value)({key: unshared(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return type(value)(unshared(item) for item in value)
    return set(value) if isinstance(value, set) else value


# ── methods ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _method(folder: Folding, method: Method, arguments: list[Any], named: dict[str, Any]) -> Any:
    value, name = method.value, method.name
    if isinstance(value, Environment):
        if name != "get":
            raise Unfoldable(f"`os.environ.{name}(…)` is not supported")
        return value.get(*arguments, **named)
    if type(value).__name__ == "timedelta" and name == "total_seconds":
        return value.total_seconds()
    if type(value).__name__ in _DATES and name in _OF_DATES:
        return getattr(value, name)(*arguments, **named)
    if type(value).__name__ == "PurePosixPath":
        if name in ("joinpath", "with_suffix", "with_name", "as_posix"):
            return getattr(value, name)(*arguments)
        if name in ("resolve", "absolute"):
            import posixpath

            path = _absolute(folder, str(value))
            return type(value)(posixpath.normpath(path) if name == "resolve" else path)
        if name == "expanduser":
            return type(value)(_of_user(folder, str(value)))
        if name in ("read_text", "read_bytes", "open", "exists", "is_file"):
            return _of_file(folder, name, value, arguments, named)
        if name in ("is_absolute", "relative_to", "is_relative_to", "match", "with_stem"):
            return getattr(value, name)(*arguments)
        raise Unfoldable(f"what `.{name}(…)` of a path returns differs from machine to machine")
    kind = next(
        (kind for kind in METHODS if isinstance(value, kind) and not (kind is int and isinstance(value, bool))), None
    )
    if kind is None or name not in METHODS[kind]:
        raise Unfoldable(f"what `.{name}(…)` returns is not known before the flow runs")
    for operand in (value, *arguments, *named.values()):
        folder.budget.spend(folder.budget.weight(operand) // 2 + 1)
    if isinstance(value, str):
        if "\0" in value and name not in ("endswith", "removesuffix"):
            raise Elsewhere("the path of the flow's file differs from machine to machine")
        special = globals().get(f"_str_{name}")
        if special is not None:
            return special(folder, value, arguments, named)
    elif isinstance(value, dict):
        if name == "to_dict" and not isinstance(value, Settings):
            raise Unfoldable("a dict has no `to_dict`")
        if name in ("items", "keys", "values"):
            return list(getattr(value, name)())
        if name == "to_dict":
            return _dict(value)
    elif isinstance(value, (set, frozenset)) and arguments:
        arguments = [_hashable(argument) for argument in arguments]
    return getattr(value, name)(*arguments, **named)


def _of_file(folder: Folding, name: str, path: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
    from .files import exists, opened

    if name in ("exists", "is_file"):
        return exists(folder, path)
    if name == "open":
        return opened(folder, path, *arguments[:1], **named)
    if name == "read_bytes":
        return opened(folder, path, "rb").content()
    return opened(folder, path, "r", *arguments[:1], **named).content()


def _dict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dict(item) for key, item in value.items()}
    return [_dict(item) for item in value] if isinstance(value, list) else value


def _sized(length: int) -> None:
    if length > MAX_WEIGHT:
        raise Unfoldable("the text is too long")


def _padded(name: str) -> Any:
    def pad(_folder: Folding, value: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if arguments and isinstance(arguments[0], int) and arguments[0] > MAX_WIDTH:
            raise Unfoldable("the field is too wide")
        return getattr(value, name)(*arguments, **named)

    return pad


_str_center, _str_ljust, _str_rjust, _str_zfill = map(_padded, ("center", "ljust", "rjust", "zfill"))


def _str_expandtabs(_folder: Folding, value: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    size = named.get("tabsize", arguments[0] if arguments else 8)
    _sized(len(value) + value.count("\t") * max(size, 0))
    return value.expandtabs(size)


def _str_replace(_folder: Folding, value: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    _sized(len(value) + value.count(arguments[0]) * len(arguments[1]))
    return value.replace(*arguments, **named)


def _str_join(folder: Folding, value: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    items = folder.iterate(arguments[0])
    _sized(sum(map(len, items)) + len(items) * len(value))
    return value.join(items)


def _str_encode(_folder: Folding, value: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    encoding = str(named.get("encoding", arguments[0] if arguments else "utf-8")).lower()
    if encoding not in ("utf-8", "utf8", "ascii", "latin-1"):
        raise Unfoldable(f"the encoding `{encoding:.20}` is not supported")
    return value.encode(*arguments, **named)


def _str_format_map(folder: Folding, value: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    return _str_format(folder, value, [], dict(arguments[0]))


def _str_format(folder: Folding, value: str, arguments: list[Any], named: dict[str, Any], depth: int = 0) -> Any:
    """Folds `str.format` field by field, so that each is bounded.

    A field may use items of its argument, and parts of a configuration.
    """
    from _string import formatter_field_name_split, formatter_parser  # type: ignore[import-not-found]

    if depth > 2:
        raise ValueError("Max string recursion exceeded")
    parts: list[str] = []
    size, automatic = 0, 0
    for text, field, spec, conversion in formatter_parser(value):
        folder.budget.step()
        parts.append(text)
        if field is not None:
            if field[:1] in ("", ".", "["):
                field = f"{automatic}{field}"
                automatic += 1
            first, rest = formatter_field_name_split(field)
            item = arguments[first] if isinstance(first, int) else named[first]
            for is_attribute, key in rest:
                item = folder.attribute(item, key) if is_attribute else item[key]
            if "{" in spec:
                spec = _str_format(folder, spec, arguments, named, depth + 1)
            parts.append(folder.formatted(item, ord(conversion) if conversion else -1, spec))
        size += sum(map(len, parts[-2:]))
        _sized(size)
    return "".join(parts)


def _parsed(folder: Folding, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Returns the value of a text, or of an open file, for a function that reads YAML or TOML."""
    from .files import Opened, content_of, opened

    if name == "yaml.load":
        named = {key: value for key, value in named.items() if key != "Loader"}
        arguments = [folder.usable(argument) for argument in arguments[:1]]
    kind = "yaml" if name.startswith("yaml.") else "toml"
    if name == "toml.load" and arguments and not isinstance(arguments[0], Opened):
        arguments = [opened(folder, arguments[0])]
    elif name.startswith(("tomllib.load", "tomli.load")) and name.endswith(".load"):
        content = content_of(*arguments)
        arguments = [content.decode() if isinstance(content, bytes) else content]
    return _read(kind, *map(content_of, arguments), **named)


def _call_omegaconf_OmegaConf_load(folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    from .files import content_of, opened

    return _omegaconf(content_of(opened(folder, arguments[0])))


def _call_omegaconf_OmegaConf_create(_folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    return _omegaconf(*arguments) if arguments else Settings()


def _call_omegaconf_OmegaConf_to_container(_folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    return _dict(arguments[0])


def _omegaconf(content: Any) -> Any:
    """Returns YAML text, or plain data, as OmegaConf holds it. Raises Unfoldable where it would compute a value."""
    import json

    value = _read("yaml", content) if isinstance(content, str) else content
    if any(mark in json.dumps(value, default=str) for mark in ("${", '"???"')):
        raise Unfoldable("a value of OmegaConf that refers to other values is not known before the flow runs")
    return settings(value)


def _call_open(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    from .files import opened

    path, *rest = arguments
    return opened(folder, path, *rest[:1], **named)


_call_io_open = _call_open


def _call_io_StringIO(_folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    from .files import Opened

    (text,) = arguments or [""]
    if "\r" in text:
        raise Unfoldable("text with carriage returns in a `StringIO` is not supported")
    return Opened("<text>", text.encode("utf-8", "surrogatepass"), "utf-8")


def _call_io_BytesIO(_folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    from .files import Opened

    (data,) = arguments or [b""]
    if not isinstance(data, bytes):
        raise TypeError("it takes bytes")
    return Opened("<bytes>", data, "")


def _call_os_path_exists(folder: Folding, arguments: list[Any], _named: dict[str, Any]) -> Any:
    from .files import exists

    return exists(folder, *arguments)


_call_os_path_isfile = _call_os_path_exists


def _call_json_load(folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
    from .files import content_of

    return _call_json_loads(folder, [content_of(argument) for argument in arguments], named)


def _read(kind: str, text: Any) -> Any:
    """Returns the value of YAML or TOML text, read as in configuration files."""
    from ..read.config_formats import BadText, parse

    if not isinstance(text, (str, bytes) if kind == "yaml" else str):
        raise TypeError(f"it takes text, not a value of type {type(text).__name__}")
    try:
        return parse(kind, text if isinstance(text, str) else text.decode())
    except BadText as error:
        raise ValueError(str(error)) from None

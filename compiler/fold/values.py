"""The folded values that are not plain data: functions, parts of configurations, and values that only a run knows."""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import LEFT_TO_CONTAINER as RUNTIME

from .budget import Compound, Reported, Unfoldable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from ..ir.nodes import Span
    from .budget import Budget

    Lookup = Callable[[str], Any]

    class Folding(Protocol):
        """The operations that a folding offers to functions that the compiler knows.

        `expressions.Folder` implements it.
        """

        budget: Budget
        local: dict[str, Any]
        set_values: Mapping[str, Any]
        depth: int
        lookup: Lookup

        def fold(self, node: Any) -> Any: ...
        def truth(self, node: Any) -> Any: ...
        def plain(self, node: Any) -> Any: ...
        def usable(self, value: Any) -> Any: ...
        def attribute(self, value: Any, name: str) -> Any: ...
        def items(self, nodes: list[Any], are_arguments: bool = False) -> list[Any]: ...
        def argument(self, node: Any) -> Any: ...
        def iterate(self, value: Any) -> list[Any]: ...
        def bind(self, target: Any, value: Any) -> None: ...
        def operate(self, kind: type, left: Any, right: Any) -> Any: ...
        def formatted(self, value: Any, conversion: int, spec: str) -> str: ...
        def part(self, value: Late, key: Any, name: str) -> Late: ...
        def call(self, function: Any, arguments: list[Any], named: dict[str, Any]) -> Any: ...
        def within(self, lookup: Lookup) -> Folding: ...


PARAMETERS = ("Parameter", "IncludeFile", "Config")
_ABOVE = 16  # folders above the flow's that a path may climb to
HERE = "/\0above" * _ABOVE + "/\0flow"  # stands for the flow's folder in a path that is folded
CURRENT = "/\0outside" * _ABOVE + "/\0current"  # stands for the current folder there
# with "current", "home" or "environment": a name that evaluators look up for what is outside the source
PLACE = "\0place of "
_NOTHING = object()


class Settings(dict):  # type: ignore[type-arg]
    """The value of a `Config`: a mapping whose items can also be read as attributes."""


class Late:
    """A part of a `Config` that a class body names.

    Metaflow knows its value only after the class is made, so it cannot be used in a computation. `is_config` tells a
    whole `Config` from a part of one.
    """

    def __init__(self, value: Any, name: str, is_config: bool = False) -> None:
        self.value, self.name, self.is_config = value, name, is_config


class Library:
    """A name in Python's standard library, qualified: `os.path.join`."""

    def __init__(self, name: str) -> None:
        self.name = name


class Unsaid(Library):
    """The unknown part of a partly known value, such as the minor version of the Python that will run the flow."""

    def __repr__(self) -> str:
        raise Unfoldable(f"{self.name} is not known before the flow runs")

    def __eq__(self, other: object) -> bool:
        raise Unfoldable(repr(self))

    def __len__(self) -> int:
        raise Unfoldable(repr(self))

    __hash__ = None  # type: ignore[assignment]


class Function:
    """A function that flowc reads but does not run: a lambda, or one of the flow's modules."""

    def __init__(
        self,
        name: str,
        node: Any,
        lookup: Lookup,
        local: Mapping[str, Any],
        set_values: Mapping[str, Any],
        qualified: str = "",
    ) -> None:
        self.name, self.node, self.lookup, self.local, self.set_values = name, node, lookup, local, set_values
        self.qualified = qualified  # "": a function without a name


class Method:
    """A method of a folded value, not yet called."""

    def __init__(self, value: Any, name: str) -> None:
        self.value, self.name = value, name


class Native:
    """A function that the compiler implements: `run(folder, *arguments)`."""

    def __init__(self, name: str, run: Callable[..., Any]) -> None:
        self.name, self.run = name, run


class Declared:
    """A call of one of Metaflow's declarations: `Parameter("alpha", default=3)`, `retry(times=2)`."""

    def __init__(self, name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        self.name, self.arguments, self.named = name, arguments, named


# click's types, and the names of their arguments; () for a type that is not called
CLICK_TYPES: dict[str, tuple[str, ...]] = {
    "Choice": ("choices", "case_sensitive"), "IntRange": ("min", "max", "clamp"),
    "FloatRange": ("min", "max", "clamp"), "DateTime": ("formats",), "Tuple": ("types",),
    "Path": ("exists", "file_okay", "dir_okay", "writable", "readable", "resolve_path"), "File": ("mode",),
    "INT": (), "FLOAT": (), "BOOL": (), "STRING": (), "UNPROCESSED": (), "UUID": (),
}  # fmt: skip


class ClickType(Declared):
    """One of click's types of parameters, with its arguments: `Choice(["a", "b"])`."""


class Decorated:
    """A step or a flow under Metaflow's decorators, outermost first."""

    def __init__(self, decorators: tuple[Declared, ...]) -> None:
        self.decorators = decorators


class Environment:
    """`os.environ` as far as the compile knows it.

    `is_complete` is True if all variables other than `variables` are known to be unset.
    """

    def __init__(self, variables: Mapping[str, str], is_complete: bool, used: set[str]) -> None:
        self.variables, self.is_complete, self.used = variables, is_complete, used
        self.assumes = False  # the default counts for a variable that is not given: where the value goes into the spec
        self.assumed: dict[str, Any] = {}  # variable → the default that counted; None: that it is not set
        self.chosen: Unset | None = None  # the last variable that counted as not set
        self.missing: dict[str, str] = {}  # why a value is not known → the variable that it needs

    def has(self, name: Any) -> bool:
        """Returns True if the variable is set. Raises Unfoldable if that is unknown."""
        if isinstance(name, str) and name in self.variables:
            self.used.add(name)
            return True
        if not self.is_complete:
            why = f"compiling does not read the environment; give the variable with `--env {name}=VALUE`"
            self.missing[why] = str(name)
            raise Unset(why, str(name), self)
        return False

    def get(self, name: Any, default: Any = None) -> Any:
        try:
            if not self.has(name):
                return default
            return self.variables[name] if self.variables[name] != RUNTIME else OfContainer(name, default)
        except Unset as unset:
            return self.default(unset, default)

    def default(self, unset: Unset, value: Any) -> Any:
        """Returns the default of a variable that is not given, if it counts. Raises Unset."""
        if not self.assumes or value is None:
            raise unset
        self.assumed[unset.name] = value
        return value

    def choose(self, unset: Unset) -> None:
        """Lets a variable that is not given count as not set, where a value only depends on that. Raises Unset."""
        if not self.assumes:
            raise unset
        self.assumed.setdefault(unset.name, None)
        self.chosen = unset


class OfContainer:
    """A variable whose value only the environment of a task's container has (`--env NAME=@runtime`)."""

    def __init__(self, name: str, default: Any) -> None:
        self.name, self.default = name, default


class NotGiven:
    """A variable that the compile was not given, as an argument of a function: what the function does with it counts.

    `unset` is raised where its value is needed.
    """

    def __init__(self, unset: Unset) -> None:
        self.unset = unset


class Contained(Unfoldable):
    """A variable of the container's, where only a value that the compile knows can be used."""

    def __init__(self, variable: OfContainer) -> None:
        super().__init__(
            f"`--env {variable.name}={RUNTIME}` gives the variable only in the containers of tasks, but this value is "
            "needed before there is one, or as part of a different value"
        )
        self.name = variable.name


class Elsewhere(Unfoldable):
    """A value that depends on where the flow's folder, the current one, or the user's home is."""


class TooEarly(Unfoldable):
    """A part of a `Config`, where Python needs its value while it makes the class."""


class Unset(Unfoldable):
    """A variable of the environment that the compile was not given."""

    def __init__(self, why: str, name: str, environment: Environment) -> None:
        super().__init__(why)
        self.name, self.environment = name, environment


class Config:
    """A `Config` of the flow, as folding sees it."""

    def __init__(self, name: str, attribute: str, owner: tuple[str, str], place: Span) -> None:
        self.name, self.attribute, self.owner, self.place = name, attribute, owner, place
        self.value: Any = _NOTHING  # before it is read
        self.is_plain = False
        self.origin = ""  # the source of the text, as in the provenance
        self.digest = ""

    @property
    def is_known(self) -> bool:
        return self.value is not _NOTHING

    def known(self) -> Any:
        """Returns the value. Raises Reported if it could not be read."""
        if self.value is _NOTHING:
            raise Reported(f"the config `{self.name}` could not be read")
        return self.value


def is_from_here(path: str) -> bool:
    """Returns True for a path that was made from the flow's folder."""
    return path.startswith("/\0above")


def has_place(value: Any) -> bool:
    """Returns True for a value that contains a folder of some machine."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_place(item) for pair in value.items() for item in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(has_place, value))
    if isinstance(value, (Declared,)):
        return has_place(value.arguments) or has_place(dict(value.named))
    if isinstance(value, Decorated):
        return any(map(has_place, value.decorators))
    if isinstance(value, Compound):
        return has_place(value.fields)
    return type(value).__name__ == "PurePosixPath" and "\0" in str(value)


def from_here(path: str) -> str:
    """Returns a path that was made from the flow's folder, or from the current one, as one relative to it.

    Another path stays as it is.
    """
    if not path.startswith("/\0"):
        return path
    import posixpath

    return posixpath.relpath(path, HERE if is_from_here(path) else CURRENT)


class OfPlace(str):
    """A path that each task has for itself: `{flow}` is the folder of the flow's code, `{current}` the current folder.

    It may begin with `~`, the home of the user. `is_path` tells a `Path` from text.
    """

    is_path = False


def of_place(value: Any) -> OfPlace | None:
    """Returns a folded path that begins with a place, in the form that a spec has; None for any other value.

    A path above the flow's folder has none, since a task has nothing there.
    """
    is_path = type(value).__name__ == "PurePosixPath"
    if not is_path and not isinstance(value, str):
        return None
    text = str(value)
    if "{flow}" in text or "{current}" in text:
        return None
    text = text.replace(HERE, "{flow}").replace(CURRENT, "{current}")
    if "\0" in text or not text.startswith(("{flow}", "{current}", "~")):
        return None
    place = OfPlace(text)
    place.is_path = is_path
    return place


def settings(value: Any) -> Any:
    """Returns the value, with every mapping in it readable by attributes."""
    if isinstance(value, dict):
        return Settings({key: settings(item) for key, item in value.items()})
    return type(value)(settings(item) for item in value) if isinstance(value, (list, tuple)) else value


def is_function(value: Any) -> bool:
    """Returns True for a value that can be called, and so is not None and counts as true: a step, a decorator."""
    return isinstance(value, (Decorated, Declared, Function, Native, Library, Method)) and not isinstance(value, Unsaid)


def usable(value: Any) -> Any:
    """Raises Unfoldable for a value that cannot be used in a computation."""
    if isinstance(value, Late):
        why = f"`{value.name}` has no value yet while Python makes the class, as with Metaflow"
        raise TooEarly(why)
    if isinstance(value, Unsaid):
        raise Unfoldable(f"{value.name} is not known before the flow runs")
    if isinstance(value, OfContainer):
        raise Contained(value)
    if isinstance(value, (Library, Function, Method, Native, Environment, Declared, Decorated)):
        raise Unfoldable(f"{_named(value)} cannot be used in a computation")
    return value


def applied(declared: Declared, to: Any) -> Decorated:
    """Returns the result of applying a decorator.

    Raises Unfoldable if the argument is not the decorated step or flow.
    """
    if not isinstance(to, Decorated) or declared.name in PARAMETERS:
        raise Unfoldable(f"what `{declared.name}(…)(…)` returns is not known before the flow runs")
    return Decorated((declared, *to.decorators))


def _named(value: Any) -> str:
    if isinstance(value, (Environment, Decorated)):
        return "`os.environ`" if isinstance(value, Environment) else "the decorated function or class"
    return f"`{value.name}(…)`" if isinstance(value, Declared) else f"the function `{value.name}`"

"""Names: resolves the identifiers of a module through imports, aliases and modules of the flow's folder.

A name resolves to a *qualified name*: `metaflow.step`, whatever its local name is, or `helpers.base.Base` for a class
of the flow's own. flowc's own API resolves to the same names as Metaflow's, since both mean the same.
"""

from __future__ import annotations

import sys

from .metaflow_api import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..source.modules import Module
    from ..source.sources import Sources


class Resolver:
    """The meaning of the names in the sources' modules."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._qualified: dict[tuple[Module, str], str] = {}  # so far: most names stand in a flow many times
        self._roots_added = sources.roots_added  # when these were found

    def qualify(self, module: Module, dotted: str) -> str:
        """Returns the qualified name of a dotted name in the module.

        A name that nothing binds resolves to itself, as a builtin.
        """
        if self._roots_added != self.sources.roots_added:  # a name may now lead into a package that was opened
            self._qualified.clear()
            self._roots_added = self.sources.roots_added
        qualified = self._qualified.get((module, dotted))
        if qualified is None:
            first, _, rest = dotted.partition(".")
            qualified = self._follow(self._resolve(module, first, frozenset()), rest, frozenset())
            self._qualified[module, dotted] = qualified
        return qualified

    def _resolve(self, module: Module, name: str, seen: frozenset[tuple[str, str]]) -> str:
        if (module.name, name) in seen:
            return name
        seen = seen | {(module.name, name)}
        if name in module.imports:
            return _canonical(self._through(module.imports[name], seen))
        if name in module.classes or name in module.functions:
            return f"{module.name}.{name}"
        if name in module.assigned:
            values = module.assigned[name]
            if len(values) == 1 and values[0].kind() in ("identifier", "attribute") and _is_dotted(values[0].text()):
                first, _, rest = values[0].text().partition(".")
                return self._follow(self._resolve(module, first, seen), rest, seen)
            return f"{module.name}.{name}"
        for star in module.stars:
            if star.partition(".")[0] in ("metaflow", "flowc") and name in NAMES:
                return f"metaflow.{name}"
            other = self.sources.module(star)
            if other is not None and _exports(other, name):
                return self._resolve(other, name, seen)
        return name

    def _follow(self, qualified: str, rest: str, seen: frozenset[tuple[str, str]]) -> str:
        if not rest:
            return qualified
        return _canonical(self._through(f"{qualified}.{rest}", seen))

    def _through(self, qualified: str, seen: frozenset[tuple[str, str]]) -> str:
        """Follows `package.module.name` into a module of the flow's folder, where `name` may be imported in turn."""
        prefix, _, name = qualified.rpartition(".")
        if not prefix or self.sources.find(qualified) is not None:
            return qualified
        other = self.sources.module(prefix)
        return self._resolve(other, name, seen) if other is not None and binds(other, name) else qualified

    def followed(self, qualified: str) -> str:
        """Returns what a qualified name stands for now that more modules may be read than when it was found."""
        return _canonical(self._through(qualified, frozenset()))

    def split(self, qualified: str) -> tuple[Module, str] | None:
        """Returns the module of the flow's folder, and the name in it, that a qualified name refers to, or None."""
        prefix, _, name = qualified.rpartition(".")
        module = self.sources.module(prefix)
        return (module, name) if module is not None else None

    def home(self, qualified: str) -> tuple[Module | None, list[str]]:
        """Returns the module of the flow's folder that a qualified name refers to, and the rest of the name."""
        parts = qualified.split(".")
        for end in range(len(parts) - 1, 0, -1):
            prefix = ".".join(parts[:end])
            home = self.sources.module(prefix)
            if home is not None:
                return home, parts[end:]
        return None, []


def _canonical(qualified: str) -> str:
    """Returns one name for each part of the API, whether from flowc, Metaflow, or a module that re-exports it."""
    top, _, rest = qualified.partition(".")
    return f"metaflow.{rest.rpartition('.')[2]}" if top in ("metaflow", "flowc") and rest else qualified


def is_standard(qualified: str) -> bool:
    """Returns True for a name of Python's builtins or standard library, which contain no flows."""
    import builtins

    top = qualified.partition(".")[0]
    return top in sys.stdlib_module_names or hasattr(builtins, top)


def _is_dotted(text: str) -> bool:
    """Returns False for an attribute of a value, such as `Path(__file__).parent`, which is not a name."""
    return all(part.strip().isidentifier() for part in text.split("."))


def binds(module: Module, name: str) -> bool:
    """Returns True if the top level of the module binds the name."""
    return (
        name in module.imports
        or name in module.classes
        or name in module.functions
        or name in module.assigned
        or bool(module.stars)
    )


def _exports(module: Module, name: str) -> bool:
    """Returns True if `from module import *` imports the name.

    It imports the names in `__all__` if that exists, else those without a leading `_`.
    """
    if not binds(module, name):
        return False
    listed = module.assigned.get("__all__")
    if listed is None:
        return not name.startswith("_")
    return any(name == match.text().strip("'\"") for one in listed for match in one.find_all(kind="string"))

"""`current.card`: the components that a step puts on its cards (`metaflow.plugins.cards.component_serializer`).

A step fails here only where Metaflow fails it too. Other mistakes are warnings on the task's output and on the cards.
"""

from __future__ import annotations

import os
import sys
import time

from ..contract.card import CardSettings
from ..contract.semantics import is_card_id
from .base import MetaflowCardComponent, create_component_id
from .basic import ErrorComponent
from .components import StubComponent
from .exceptions import TYPE_CHECK_REGEX, ComponentOverwriteNotSupportedException
from .registry import get_card_class
from .rendering import json_problem, rendered_component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Type, ValuesView

    from .base import MetaflowCard


def warning_message(message: str, logger: Optional[Callable[[str], None]] = None, ts: bool = False) -> None:
    if logger is not None:
        logger(f"[@card WARNING] {message}")


def to_stderr(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class WarningComponent(ErrorComponent):
    """A warning that the card shows too."""

    def __init__(self, warning_message: str) -> None:
        super().__init__("@card WARNING", warning_message)


class CardSpec(CardSettings):
    """One `@card` of the step, and the class of its type."""

    def __init__(self, number: int, attributes: Dict[str, Any], log: Callable[[str], None]) -> None:
        super().__init__(attributes)
        self.number = number  # among the cards of the step
        self.card_class: Optional[Type[MetaflowCard]] = get_card_class(self.type)
        if self.id is not None and not is_card_id(self.id):
            warning_message(
                f"@card with id '{self.id}' doesn't match REGEX pattern. Adding custom components to cards will not be "
                f"accessible via `current.card['{self.id}']`. Please create `id` of pattern {TYPE_CHECK_REGEX}. ",
                log,
            )
            self.id = None

    @property
    def is_editable(self) -> bool:
        return self.card_class is not None and bool(self.card_class.ALLOW_USER_COMPONENTS)

    @property
    def is_runtime(self) -> bool:
        return self.card_class is not None and bool(self.card_class.RUNTIME_UPDATABLE)


class ComponentStore:
    """The components of one card, in order and by their ids."""

    def __init__(
        self, logger: Optional[Callable[[str], None]] = None, card_type: Any = None,
        components: Optional[Iterable[Any]] = None, user_set_id: Optional[str] = None,
    ) -> None:  # fmt: skip
        self._logger, self._card_type, self._user_set_id = logger, card_type, user_set_id
        self.layout_last_changed_on = time.time()
        self._components: Dict[str, Any] = {}
        for component in components or ():
            self._store(component)

    def _store(self, component: Any, id: Optional[str] = None) -> None:
        if not isinstance(component, MetaflowCardComponent):
            warning_message(
                f"Component ({component}) is not a valid MetaflowCardComponent. It will not be stored.", self._logger
            )
            return
        if id is not None:
            component.component_id = id
        elif component.component_id is None:
            component.component_id = create_component_id(component)
        component._logger = self._logger
        self._components[str(component.component_id)] = component
        self.layout_last_changed_on = time.time()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._components.values())

    def __setitem__(self, key: str, value: Any) -> None:
        if self._components.get(key) is not None:
            raise ComponentOverwriteNotSupportedException(key, self._user_set_id, self._card_type)
        self._store(value, key)

    def __getitem__(self, key: str) -> Any:
        if key not in self._components:
            self._store(StubComponent(key), key)
        return self._components[key]

    def __delitem__(self, key: str) -> None:
        if key not in self._components:
            keys = ", ".join(self.keys())
            raise KeyError(
                f"MetaflowCardComponent with id `{key}` not found. Available components for the cards include : {keys}"
            )
        del self._components[key]
        self.layout_last_changed_on = time.time()

    def __contains__(self, key: object) -> bool:
        return key in self._components

    def __len__(self) -> int:
        return len(self._components)

    def __str__(self) -> str:
        return f"Card components present in the card: `{'`, `'.join(self.keys())}` "

    def append(self, component: Any, id: Optional[str] = None) -> None:
        self._store(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        for component in components:
            self._store(component)

    def clear(self) -> None:
        self._components.clear()

    def keys(self) -> List[str]:
        return list(self._components)

    def values(self) -> ValuesView[Any]:
        return self._components.values()


class CardComponentManager:
    """One card of the running step: `current.card[ID]`."""

    def __init__(
        self, spec: CardSpec, log: Callable[[str], None],
        publish: Optional[Callable[[CardComponentManager, bool], None]] = None,
        components: Optional[Iterable[Any]] = None,
    ) -> None:  # fmt: skip
        self._spec, self._log, self._publish = spec, log, publish
        self._components = ComponentStore(log, spec.type, components, spec.id)
        self._user_data: Any = None
        self._refreshed = 0.0
        self._render_seq = 0
        self._last_layout: Optional[float] = None

    @property
    def components(self) -> ComponentStore:
        return self._components

    def append(self, component: Any, id: Optional[str] = None) -> None:
        """Adds a component at the end."""
        self._components.append(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        """Adds several components at the end."""
        self._components.extend(components)

    def clear(self) -> None:
        """Removes all components."""
        self._components.clear()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._components)

    def refresh(self, data: Any = None, force: bool = False) -> None:
        """Publishes the card's current state, unless it did so less than `refresh_interval` seconds ago."""
        self._user_data = data
        now = time.time()
        if now - self._refreshed < (self._spec.refresh_seconds):
            return
        self._refreshed = now
        is_whole = force or self._last_layout != self._components.layout_last_changed_on
        if is_whole:
            self._render_seq += 1
            self._last_layout = self._components.layout_last_changed_on
        if self._publish is not None:
            self._publish(self, is_whole)

    def data(self, mode: str, is_final: bool = False) -> Dict[str, Any]:
        """Returns the data for a card's class: the argument of `refresh`, and the components that can change."""
        user: Any = self._user_data
        if user is not None and json_problem(user):
            warning_message("Data provided to `refresh` is not JSON serializable. It will be ignored.", self._log)
            user = {}
        return {
            "user": user,
            "components": {
                component.component_id: rendered_component(component)
                for component in self._components
                if component.REALTIME_UPDATABLE
            },
            "render_seq": "final" if is_final else self._render_seq,
            "component_update_ts": self._components.layout_last_changed_on, "mode": mode,
        }  # fmt: skip

    def rendered(self) -> List[Any]:
        """Returns what the components render to."""
        return [rendered_component(component) for component in list(self._components)]


class CardComponentCollector:
    """`current.card` of a step with `@card`: the default card, and the others by their ids."""

    def __init__(
        self, cards: Iterable[Dict[str, Any]], log: Callable[[str], None] = to_stderr,
        publish: Optional[Callable[[CardComponentManager, bool], None]] = None,
    ) -> None:  # fmt: skip
        self._log, self._publish = log, publish
        specs = [CardSpec(number, attributes, log) for number, attributes in enumerate(cards)]
        self._managers = [CardComponentManager(spec, log, publish) for spec in specs]
        self._by_id: Dict[str, int] = {}
        self._default: Optional[int] = None
        self._warned: Set[str] = set()
        self._choose(specs)

    def _choose(self, specs: List[CardSpec]) -> None:
        """Finds the default card, and the cards that have ids."""
        editable = [spec for spec in specs if spec.is_editable]
        if not editable:
            return
        by_preference = [
            spec for spec in specs if not spec.is_editable
        ] + editable  # of one id, an editable card counts
        self._by_id = {spec.id: spec.number for spec in by_preference if spec.id is not None}
        if len(editable) == 1:
            self._default = editable[0].number
            return
        unnamed = [spec for spec in editable if spec.id is None]
        if len(unnamed) == 1:
            self._default = unnamed[0].number
        ids = [spec.id for spec in editable if spec.id is not None]
        twice = [card_id for card_id in dict.fromkeys(ids) if ids.count(card_id) > 1]
        if twice:
            self._warn(
                f"Multiple `@card` decorator have been annotated with duplicate ids : {', '.join(twice)}. "
                f"`current.card['{twice[0]}']` will not work"
            )
            for card_id in twice:
                del self._by_id[card_id]
        customized = [spec for spec in editable if spec.is_customized]
        if len(customized) > 1:
            self._warn(
                "Multiple @card decorators have `customize=True`. Only one @card per @step can have `customize=True`. "
                "`current.card.append` will ignore all decorators marked `customize=True`."
            )
        elif customized:
            self._default = customized[0].number

    def _warn(self, message: str) -> None:
        warning_message(message, self._log)

    def _warn_once(self, what: str, lines: List[str], on_cards: bool = True) -> None:
        if what in self._warned:
            return
        self._warned.add(what)
        self._warn(" ".join(lines))
        if on_cards and not os.environ.get("METAFLOW_CARD_NO_WARNING"):
            for manager in self._managers:
                manager.append(WarningComponent("\n".join(lines)))

    def _no_default(self, what: str, lost: str, ways: str) -> List[str]:
        """Returns why there is no card that is edited by default."""
        sentences = [lost, f"`current.card.{what}` will not work for any call during this runtime execution."]
        end = " and ".join((sentences[0], sentences[1]))
        if len(self._managers) == 1:
            spec = self._managers[0]._spec
            if what == "append" and spec.card_class is None:
                return [f"Card of type `{spec.type}` doesn't exist.", end, "Please use a card `type` which exits."]
            return [
                f"Card of type `{spec.type}` is not an editable card.",
                end,
                f"Please use an editable card{'.' if what == 'append' else ''}",
            ]
        kind = "multiple editable cards" if what == "append" else "multiple @card decorators"
        return [f"`current.card.{what}` cannot disambiguate between {kind}.", end, *ways.split("\n")]

    def __getitem__(self, key: str) -> Any:
        """Returns the card with that id, or an empty list that no card shows."""
        if key in self._by_id:
            return self._managers[self._by_id[key]]
        self._warn_once(
            f"[{key}]",
            [
                f"`current.card['{key}']` is not present. Please set the `id` argument in @card to '{key}' to access "
                f"`current.card['{key}']`.",
                f"`current.card['{key}']` will return an empty `list` which is not referenced to `current.card` "
                "object.",
            ],
        )
        return []

    def __setitem__(self, key: str, value: Any) -> None:
        """Replaces all components of the card with that id."""
        if key not in self._by_id:
            self._warn(
                f"`current.card['{key}']` is not present. Please set the `id` argument in @card to '{key}' to access "
                f"`current.card['{key}']`. "
            )
        elif not isinstance(value, list):
            self._warn(
                f"`current.card['{key}']` not set. `current.card['{key}']` should be a `list` of "
                "`MetaflowCardComponent`."
            )
        else:
            number = self._by_id[key]
            self._managers[number] = CardComponentManager(self._managers[number]._spec, self._log, self._publish, value)

    def append(self, component: Any, id: Optional[str] = None) -> None:
        """Adds a component to the default card."""
        if self._default is None:
            ways = (
                "To fix this set the `id` argument in all @card's when using multiple @card decorators over a single "
                "@step. "
            )
            self._warn_once("append", self._no_default("append", "Component will not be appended", ways))
            return
        self._managers[self._default].append(component, id)

    def extend(self, components: Iterable[Any]) -> None:
        """Adds several components to the default card."""
        if self._default is None:
            ways = (
                "To fix this set the `id` argument in all @card when using multiple @card decorators over a single "
                "@step."
            )
            self._warn_once("extend", self._no_default("extend", "Components list will not be extended", ways))
            return
        self._managers[self._default].extend(components)

    @property
    def components(self) -> Optional[ComponentStore]:
        """The components of the default card, or None."""
        if self._default is None:
            lost = "updated" if len(self._managers) == 1 else "accessible"
            ways = (
                "To fix this set the `id` argument in all @card when using multiple @card decorators over a single "
                "@step "
                "and reference `current.card[ID].components`\nto update/access the appropriate card component."
            )
            self._warn_once(
                "components",
                self._no_default("components", f"Components list will not be {lost}", ways),
                on_cards=False,
            )
            return None
        return self._managers[self._default].components

    def clear(self) -> None:
        """Removes all components of the default card."""
        if self._default is not None:
            self._managers[self._default].clear()

    def refresh(self, *args: Any, **kwargs: Any) -> None:
        """Publishes the current state of the default card."""
        if self._default is not None:
            self._managers[self._default].refresh(*args, **kwargs)

    def get(self, type: Any = None) -> List[CardComponentManager]:
        """Returns the cards of that type."""
        return [manager for manager in self._managers if manager._spec.type == type]

    def __iter__(self) -> Iterator[Any]:
        return iter(() if self._default is None else self._managers[self._default])

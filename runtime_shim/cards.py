"""`metaflow.cards` and `current.card`: what a step puts on its card is held, and no card is made.

So a step that describes itself runs as it is; a component keeps what it was given, under the names of its arguments.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional


class MetaflowCardComponent:
    """Base of what can be put on a card."""

    component_id: Optional[str] = None

    def update(self, *arguments: Any, **changes: Any) -> None:
        """Takes new content."""

    def render(self) -> Dict[str, Any]:
        """What the component holds, as a dict."""
        return {"type": type(self).__name__, **{name.lstrip("_"): value for name, value in self.__dict__.items()}}


class MetaflowCard:
    """Base of card types."""

    type: Optional[str] = None
    ALLOW_USER_COMPONENTS = False
    RUNTIME_UPDATABLE = False
    RELOAD_POLICY = RELOAD_POLICY_NEVER = "never"
    RELOAD_POLICY_ALWAYS, RELOAD_POLICY_ONCHANGE = "always", "onchange"
    scope = "task"

    def __init__(
        self, options: Optional[Dict[str, Any]] = None, components: Any = (), graph: Any = None, flow: Any = None
    ) -> None:
        self.options, self.components, self.graph, self.flow = options or {}, list(components), graph, flow

    def render(self, task: Any, data: Any = None) -> str:
        raise NotImplementedError


class DefaultCard(MetaflowCard):
    type = "default"
    ALLOW_USER_COMPONENTS = True


class BlankCard(MetaflowCard):
    type = "blank"
    ALLOW_USER_COMPONENTS = True


class ErrorCard(MetaflowCard):
    type = "error"


class PageComponent(MetaflowCardComponent):
    def __init__(self, title: Optional[str] = None, subtitle: Optional[str] = None, contents: Any = ()) -> None:
        self.title, self.subtitle, self.contents = title, subtitle, list(contents)


class Artifact(MetaflowCardComponent):
    def __init__(self, artifact: Any, name: Optional[str] = None, compressed: bool = True) -> None:
        self.artifact, self.name, self.compressed = artifact, name, compressed


class Table(MetaflowCardComponent):
    def __init__(self, data: Any = None, headers: Optional[List[str]] = None, disable_updates: bool = False) -> None:
        self.data, self.headers = data if data is not None else [[]], headers or []

    @classmethod
    def from_dataframe(cls, dataframe: Any = None, truncate: bool = True) -> Table:
        return cls(dataframe.values.tolist(), [str(each) for each in dataframe.columns])

    def update(self, *arguments: Any, **changes: Any) -> None:
        self.data = arguments[0] if arguments else changes.get("data", self.data)


class Image(MetaflowCardComponent):
    def __init__(self, src: Any = None, label: Optional[str] = None, disable_updates: bool = True) -> None:
        self.src, self.label = src, label

    @classmethod
    def from_pil_image(cls, pilimage: Any, label: Optional[str] = None, disable_updates: bool = True) -> Image:
        return cls(pilimage, label)

    @classmethod
    def from_matplotlib(cls, plot: Any, label: Optional[str] = None, disable_updates: bool = True) -> Image:
        return cls(plot, label)

    def update(self, *arguments: Any, **changes: Any) -> None:
        self.src = arguments[0] if arguments else changes.get("image", self.src)
        self.label = changes.get("label", self.label)


class Error(MetaflowCardComponent):
    def __init__(self, exception: Any, title: Optional[str] = None) -> None:
        self.exception, self.title = exception, title


class Markdown(MetaflowCardComponent):
    def __init__(self, text: Optional[str] = None) -> None:
        self.text = text

    def update(self, *arguments: Any, **changes: Any) -> None:
        self.text = arguments[0] if arguments else changes.get("text", self.text)


class VegaChart(MetaflowCardComponent):
    def __init__(self, spec: Any, show_controls: bool = False) -> None:
        self.spec, self.show_controls = spec, show_controls

    @classmethod
    def from_altair_chart(cls, altair_chart: Any) -> VegaChart:
        return cls(altair_chart.to_dict())

    def update(self, *arguments: Any, **changes: Any) -> None:
        self.spec = arguments[0] if arguments else changes.get("spec", self.spec)


class ProgressBar(MetaflowCardComponent):
    def __init__(
        self,
        max: int = 100,
        label: Optional[str] = None,
        value: int = 0,
        unit: Optional[str] = None,
        metadata: Optional[str] = None,
    ) -> None:
        self.max, self.label, self.value, self.unit, self.metadata = max, label, value, unit, metadata

    def update(self, *arguments: Any, **changes: Any) -> None:
        given = dict(zip(("new_value", "metadata"), arguments), **changes)
        self.value, self.metadata = given.get("new_value", self.value), given.get("metadata", self.metadata)


class ValueBox(MetaflowCardComponent):
    def __init__(
        self, title: Optional[str] = None, value: Any = "", subtitle: Optional[str] = None, theme: Optional[str] = None,
        change_indicator: Optional[str] = None,
    ) -> None:  # fmt: skip
        self.title, self.value, self.subtitle, self.theme, self.change_indicator = (
            title,
            value,
            subtitle,
            theme,
            change_indicator,
        )

    def update(self, *arguments: Any, **changes: Any) -> None:
        self.__dict__.update(zip(("title", "value", "subtitle", "theme", "change_indicator"), arguments), **changes)


class PythonCode(MetaflowCardComponent):
    def __init__(self, code_func: Any = None, code_string: Optional[str] = None) -> None:
        import inspect

        self.code_string = inspect.getsource(code_func) if code_func is not None else code_string


class EventsTimeline(MetaflowCardComponent):
    def __init__(self, title: Optional[str] = None, max_events: int = 100) -> None:
        self.title, self.max_events = title, max_events
        self.events: List[Any] = []

    def update(self, *arguments: Any, **changes: Any) -> None:
        event = arguments[0] if arguments else changes.pop("event_data", None)
        self.events = [(event, changes), *self.events][: self.max_events]

    def get_stats(self) -> Dict[str, Any]:
        return {"total_events": len(self.events), "displayed_events": len(self.events), "max_events": self.max_events}


class JSONViewer(MetaflowCardComponent):
    def __init__(
        self,
        data: Any,
        collapsible: bool = True,
        max_height: str = "400px",
        show_copy_button: bool = True,
        title: str = "",
    ) -> None:
        self.data, self.collapsible, self.max_height, self.show_copy_button, self.title = (
            data,
            collapsible,
            max_height,
            show_copy_button,
            title,
        )

    def update(self, *arguments: Any, **changes: Any) -> None:
        self.data = arguments[0] if arguments else changes.get("data", self.data)


class YAMLViewer(JSONViewer):
    pass


def get_cards(
    task: Any, id: Optional[str] = None, type: Optional[str] = None, follow_resumed: bool = True
) -> List[Any]:
    """The cards of a task: none, since flowc makes none."""
    return []


class Card:
    """What has been put on one card."""

    def __init__(self) -> None:
        self._components: Dict[str, Any] = {}
        self.data: Any = None

    def append(self, component: Any, id: Optional[str] = None) -> None:
        self._components[id or f"_{len(self._components)}"] = component

    def extend(self, components: Any) -> None:
        for each in components:
            self.append(each)

    def clear(self) -> None:
        self._components.clear()

    def refresh(self, data: Any = None, force: bool = False) -> None:
        self.data = data

    @property
    def components(self) -> Any:
        return _Components(self._components)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._components.values()))


class _Components:
    """A card's components: in order, and by the id that they were appended with."""

    def __init__(self, held: Dict[str, Any]) -> None:
        self._held = held

    def __getitem__(self, key: str) -> Any:
        return self._held.get(key) or MetaflowCardComponent()

    def __setitem__(self, key: str, component: Any) -> None:
        self._held[key] = component

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._held.values()))

    def __len__(self) -> int:
        return len(self._held)

    def append(self, component: Any, id: Optional[str] = None) -> None:
        self._held[id or f"_{len(self._held)}"] = component

    def extend(self, components: Any) -> None:
        for each in components:
            self.append(each)

    def clear(self) -> None:
        self._held.clear()


class Cards(Card):
    """`current.card` of a step with `@card`: the card that has no id, and the others by theirs."""

    def __init__(self, decorators: List[Dict[str, Any]]) -> None:
        super().__init__()
        self._types = [each.get("type") for each in decorators]
        self._named = {str(each["id"]): Card() for each in decorators if each.get("id")}

    def __getitem__(self, key: str) -> Card:
        return self._named.setdefault(
            key, Card()
        )  # an id that no decorator has: held, and shown nowhere, as in Metaflow

    def __setitem__(self, key: str, components: Any) -> None:
        card = self[key]
        card.clear()
        card.extend(components)

    def get(self, type: Optional[str] = None) -> List[Card]:
        return [self] if type is None or type in self._types else []

"""The built-in types of cards: `default`, `blank`, `error`, `taskspec_card`, `default_json`.

A card of one of these is stored as data, without calling its class (`stored.py`). Types of packages derive from these
classes.
"""

from __future__ import annotations

from .base import MetaflowCard
from .basic import LogComponent, PageComponent, SectionComponent
from .default_page import graph_of_card, whole_page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

transform_flow_graph = graph_of_card  # Metaflow's name


class _Drawn(MetaflowCard):
    """A card whose blocks flowc renders."""

    RELOAD_POLICY = MetaflowCard.RELOAD_POLICY_ONCHANGE

    def __init__(
        self,
        options: Any = None,
        components: Any = (),
        graph: Any = None,
        graph_info: Any = None,
        flow: Any = None,
        **kwargs: Any,
    ) -> None:
        self._options: Dict[str, Any] = dict(options or {})
        self._components = list(components)
        self._graph = graph_of_card(graph_info if graph_info is not None else graph)
        self._flow = flow

    def _html(self, page: Dict[str, Any]) -> str:
        from .view.page import html_of

        return html_of(page)

    def render_runtime(self, task: Any, data: Any) -> Any:
        return self.render(task, runtime=True)

    def render(self, task: Any, runtime: bool = False) -> Any:
        raise NotImplementedError()

    def refresh(self, task: Any, data: Any) -> Any:
        return data["components"]

    def reload_content_token(self, task: Any, data: Any) -> str:
        return "final" if task.finished else f"runtime-{data['component_update_ts']}"


class DefaultCard(_Drawn):
    """The user's components, followed by the facts about the task."""

    type = "default"
    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True

    def _page(self, task: Any, runtime: bool) -> Dict[str, Any]:
        only_repr, size = self._options.get("only_repr", True), self._options.get("max_artifact_size")
        return whole_page(task, self._graph, self._components, self._flow, only_repr, size, runtime)

    def render(self, task: Any, runtime: bool = False) -> Any:
        return self._html(self._page(task, runtime))


class DefaultCardJSON(DefaultCard):
    """The default card as JSON."""

    type = "default_json"
    ALLOW_USER_COMPONENTS = False
    RUNTIME_UPDATABLE = False

    def render(self, task: Any, runtime: bool = False) -> Any:
        import json

        return json.dumps(self._page(task, runtime))


class BlankCard(_Drawn):
    """Only the user's components."""

    type = "blank"
    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True

    def render(self, task: Any, components: Any = (), runtime: bool = False) -> Any:  # type: ignore[override]
        more = components if isinstance(components, list) else []
        return self._html(blank_page(task.pathspec, [*more, *self._components], self._options.get("title", "")))


class ErrorCard(_Drawn):
    """The error of a card that could not be rendered."""

    type = "error"

    def render(self, task: Any, stack_trace: Optional[str] = None) -> Any:  # type: ignore[override]
        return self._html(error_page(task.pathspec, stack_trace or "None"))


class TaskSpecCard(MetaflowCard):
    """The path of the task."""

    type = "taskspec_card"

    def render(self, task: Any) -> Any:
        return f"{task.pathspec}"


def blank_page(pathspec: str, components: Any, title: str) -> Dict[str, Any]:
    """Returns a card with these blocks."""
    return {"metadata": {"pathspec": pathspec}, "components": [PageComponent(title, contents=components).render()]}


def error_page(pathspec: str, trace: str) -> Dict[str, Any]:
    """Returns a card with the reason why the requested one could not be made."""
    section = SectionComponent("Card Render Failed With Error", contents=[LogComponent(trace)])
    return {
        "metadata": {"pathspec": pathspec},
        "components": [PageComponent("Error Card", contents=[section]).render()],
    }


BUILT_IN = {card.type: card for card in (DefaultCard, BlankCard, ErrorCard, TaskSpecCard, DefaultCardJSON)}

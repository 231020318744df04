"""Renders a stored card as a page, from its data and the task's records."""

from __future__ import annotations

from . import stored
from .default_page import default_page, facts_of, graph_of_card
from .types import blank_page, error_page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional


def html_of(task: Any, card: Dict[str, Any], charts: Optional[Callable[[], str]] = None) -> str:
    """Returns the HTML of a task's stored card, or the text if its type is only a text. `task` is a client object.

    `charts` returns the script that draws charts; it is not yet in the page (`view.page.with_charts`).
    """
    kind = card["type"]
    if "error" not in card and kind == "taskspec_card":
        return str(task.pathspec)
    if "error" not in card and kind == "default_json":
        import json

        return json.dumps(page_of(task, card))
    from .view.page import html_of as page_html

    page = page_of(task, card)
    for block in stored.walked(page["components"]):
        if block.get("type") == "dag":
            block["current"] = task.path_components[2]
    return page_html(page, f"{kind} card of {task.pathspec}", charts)


def page_of(task: Any, card: Dict[str, Any]) -> Dict[str, Any]:
    """Returns the card as Metaflow's pages have it: `metadata` and `components`."""
    if "error" in card:
        return error_page(task.pathspec, str(card["error"]))
    if card["type"] in ("default", "default_json") and "code" in card:
        page = default_page(_facts(task, card), _artifacts(card), card["components"], card["code"], card["parameters"])
    else:
        title = card["options"].get("title", "") if isinstance(card["options"], dict) else ""
        page = blank_page(task.pathspec, card["components"], title)
    if card.get("failure"):
        page["metadata"]["failure"] = card["failure"]
    return page


def _artifacts(card: Dict[str, Any]) -> Dict[str, Any]:
    return {"data": card.get("artifacts") or {}, "images": card.get("images") or {}, "tables": card.get("tables") or {}}


def _facts(task: Any, card: Dict[str, Any]) -> Any:
    from ..contract.errors import ShimError
    from ..user_code.graph_info import graph_info

    try:
        graph = graph_of_card(graph_info(task._datastore.graph(*task.path_components[:2])))
    except ShimError:  # the code package is gone
        graph = None
    return facts_of(task, graph)

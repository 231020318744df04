"""Reads cards: `get_cards` and its results (`metaflow.plugins.cards.card_client`)."""

from __future__ import annotations

from ..contract.errors import ShimError
from . import stored
from .exceptions import CardNotPresentException, IncorrectArgumentException, IncorrectPathspecException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

    from .stored import Entry

_type = type


def get_cards(
    task: Any, id: Optional[str] = None, type: Optional[str] = None, follow_resumed: bool = True
) -> CardContainer:
    """Returns the cards of a task, of its last attempt first.

    `task` is an object of the client, or `FLOW/RUN/STEP/TASK`. A text names a task of any namespace, and leaves the
    client's namespace as it is. If a resumed run took the task over, the cards are those of the first run, unless
    `follow_resumed` is False.
    Raises CardNotPresentException if the task has no card at all.
    """
    from ..client.task import Task

    if isinstance(task, str):
        if len(task.split("/")) != 4:
            raise IncorrectPathspecException(task)
        task = Task(task, _namespace_check=False)
    elif not isinstance(task, Task):
        raise IncorrectArgumentException(_type(task))
    origin = origin_of(task) if follow_resumed else None
    task = task if origin is None else origin
    cards = cards_of(task)
    if not cards:
        raise CardNotPresentException(task.pathspec, card_type=type, card_id=id)
    return CardContainer(
        [card for card in cards if (id is None or card.id == id) and (type is None or card.type == type)],
        origin and origin.pathspec,
    )


def origin_of(task: Any) -> Any:
    """Returns the task that has done the work, an object of the client; None where the task has done it itself."""
    origin, seen = None, {task.pathspec}
    while task.origin_pathspec is not None and task.origin_pathspec not in seen:
        flow, _, step, path = task._parts
        task = origin = _type(task)._made(task._datastore, (flow, task.origin_pathspec.split("/")[1], step, path))
        seen.add(task.pathspec)
    return origin


def cards_of(task: Any) -> List[Card]:
    """Returns the cards of an object of the client, without following where it was taken over from."""
    return [Card(task, entry) for entry in stored.cards_of_task(task._datastore.store, *task._parts)]


class Card:
    """One card of an attempt at a task."""

    def __init__(self, task: Any, entry: Entry) -> None:
        self._task, self._entry = task, entry
        self._html: Optional[str] = None
        self.type, self.hash, self.attempt = entry.type, entry.hash, entry.attempt
        self.from_resumed = False
        self.origin_pathspec: Optional[str] = None

    @property
    def id(self) -> Optional[str]:
        return self._entry.id

    @property
    def path(self) -> str:
        """The card's path in the datastore."""
        return f"{self._task._datastore.url.rstrip('/')}/{self._entry.shown}"

    @property
    def is_html(self) -> bool:
        """True for HTML of a custom type; False for data that flowc renders."""
        return self._entry.shown.endswith(".html")

    @property
    def is_live(self) -> bool:
        """True for what `refresh` showed of an attempt that has not ended."""
        return self._entry.shown.endswith((stored.LIVE_DATA, stored.LIVE_HTML))

    def get(self) -> str:
        """Returns the card: a whole HTML page; of a custom type, what its class gave."""
        page = self.without_charts()
        if self._has_charts(page):
            from .view.page import with_charts

            return with_charts(page, self._charts())
        return page

    def without_charts(self) -> str:
        """Returns the card without the script that draws its charts, which a page of many cards holds once."""
        if self._html is None:
            self._html = self._read()
        return self._html

    @property
    def has_charts(self) -> bool:
        """True if the card has charts, and the script that draws them is installed."""
        return self._has_charts(self.without_charts())

    def _has_charts(self, page: str) -> bool:
        from .view.page import CHARTS_HERE

        return not self.is_html and CHARTS_HERE in page

    @staticmethod
    def _charts() -> str:
        from ..hooks import registered

        script: str = registered["charts"]()
        return script

    def _read(self) -> str:
        data = self._task._datastore.store.get(self._entry.shown)
        if data is None:
            raise ShimError(f"the card {self._entry.shown} is no longer in the datastore")
        if self.is_html:
            return str(data.decode("utf-8", "surrogatepass"))
        from ..hooks import registered
        from .shown import html_of

        return html_of(self._task, stored.loads(data, self._entry.shown), registered.get("charts"))

    def page(self) -> str:
        """Returns a page that is safe to open whoever made the card: HTML of a custom type is in a sandboxed frame."""
        from .view.page import framed

        return (
            framed(self.get(), self._title)
            if self.is_html or not self.get().startswith("<!DOCTYPE html>")
            else self.get()
        )

    def get_data(self) -> Optional[Dict[str, Any]]:
        """Returns what `refresh` showed last: `reload_token`, `data` and `created_on`; None where nothing was."""
        store, entry = self._task._datastore.store, self._entry
        if stored.REFRESHED in entry.endings:
            from ..fast_start import json_text

            values: Dict[str, Any] = json_text.loads(
                (store.get(entry.name + stored.REFRESHED) or b"null").decode("utf-8", "surrogatepass")
            )
            return values
        if self.is_html:
            return None
        card = stored.loads(store.get(entry.shown) or b"", entry.shown)
        if card["type"] not in ("default", "blank") or "error" in card:
            return None
        updatable = set(card["updatable"])
        token = "final" if card["state"] == "ok" else f"runtime-{card['updated']}"
        data = {
            component["id"]: component
            for component in stored.walked(card["components"])
            if component.get("id") in updatable
        }
        return {"reload_token": token, "data": data, "created_on": card["updated"]}

    def view(self) -> None:
        """Opens the card in a browser."""
        import os
        import tempfile
        import webbrowser

        descriptor, file = tempfile.mkstemp(prefix="card-", suffix=".html")
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as writing:
            writing.write(self.page())
        webbrowser.open("file://" + os.path.abspath(file))

    @property
    def _title(self) -> str:
        return f"{self.type} card of {self._task.pathspec}"

    def __str__(self) -> str:
        return f"<Card at '{self.path}'>"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .view.page import in_notebook

        page = self.page()
        return in_notebook(page, self._title, self.has_charts or page != self.get())


class CardContainer:
    """Cards of a task, in order."""

    def __init__(self, cards: List[Card], origin_pathspec: Optional[str] = None) -> None:
        self._cards = cards
        self.from_resumed = origin_pathspec is not None
        self.origin_pathspec = origin_pathspec

    def __len__(self) -> int:
        return len(self._cards)

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards)

    def __getitem__(self, index: Any) -> Any:
        return self._cards[index]

    def _repr_html_(self) -> str:
        from html import escape

        return "\n".join(
            f"<h1>Displaying Card Of Type : {escape(card.type.title())}</h1>\n{card._repr_html_()}"
            for card in self._cards
        )

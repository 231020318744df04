"""`metaflow.cards`: the components and types of cards.

`current_card` has `current.card`; `of_task` stores the cards of a task.

The classes are pickled under the names that they have here.
"""

from __future__ import annotations

import sys

from .base import MetaflowCard, MetaflowCardComponent
from .basic import PageComponent
from .components import (
    Artifact,
    Error,
    EventsTimeline,
    Image,
    JSONViewer,
    Markdown,
    ProgressBar,
    PythonCode,
    Table,
    ValueBox,
    VegaChart,
    YAMLViewer,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "Artifact", "BlankCard", "DefaultCard", "Error", "ErrorCard", "EventsTimeline", "Image", "JSONViewer", "Markdown",
    "MetaflowCard", "MetaflowCardComponent", "PageComponent", "ProgressBar", "PythonCode", "Table", "ValueBox",
    "VegaChart", "YAMLViewer", "get_cards",
]  # fmt: skip

for _each in (
    Artifact, Error, EventsTimeline, Image, JSONViewer, Markdown, ProgressBar, PythonCode, Table, ValueBox, VegaChart,
    YAMLViewer, MetaflowCard, MetaflowCardComponent, PageComponent,
):  # fmt: skip
    _each.__module__ = __name__

_LATER = {"get_cards": "client", "BlankCard": "types", "DefaultCard": "types", "ErrorCard": "types"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = f"{__name__}.{_LATER[name]}"
    __import__(home)
    value = globals()[name] = getattr(sys.modules[home], name)
    return value

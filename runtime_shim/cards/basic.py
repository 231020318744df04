"""The blocks that a card's JSON consists of, one class for each `type`: `title`, `section`, `table`, `log`, …"""

from __future__ import annotations

from .base import MetaflowCardComponent, with_default_component_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    Block = Dict[str, Any]


class DefaultComponent(MetaflowCardComponent):
    """A block with an optional title and subtitle."""

    type: Optional[str] = None

    def __init__(self, title: Optional[str] = None, subtitle: Optional[str] = None) -> None:
        self._title, self._subtitle = title, subtitle

    def render(self) -> Any:
        block: Block = {"type": self.type}
        if self._title is not None:
            block["title"] = self._title
        if self._subtitle is not None:
            block["subtitle"] = self._subtitle
        return block

    def _with(self, **content: Any) -> Block:
        """Returns the block with this content, and its id if it has one."""
        block: Block = DefaultComponent.render(self)
        block.update(content)
        if self.component_id is not None:
            block["id"] = self.component_id
        return block


class TitleComponent(MetaflowCardComponent):
    type = "title"

    def __init__(self, text: Any = None) -> None:
        self._text = text

    def render(self) -> Any:
        return {"type": self.type, "text": str(self._text)}


class SubTitleComponent(TitleComponent):
    type = "subtitle"


class SectionComponent(DefaultComponent):
    type = "section"

    def __init__(
        self,
        title: Optional[str] = None,
        subtitle: Optional[str] = None,
        columns: Optional[int] = None,
        contents: Sequence[Any] = (),
    ) -> None:
        super().__init__(title, subtitle)
        self._contents, self._columns = contents, columns

    @classmethod
    def render_subcomponents(
        cls, component_array: Any, additional_allowed_types: Sequence[Any] = (str, dict), allow_unknowns: bool = False
    ) -> List[Any]:
        """Returns what the components render to; of other values those of the allowed types, as they are."""
        contents: List[Any] = []
        for content in component_array:
            if isinstance(content, MetaflowCardComponent):
                rendered = content.render()
                if type(rendered) not in (str, dict):
                    rendered = SerializationErrorComponent(
                        type(content).__name__, "Component render didn't return a string or dict"
                    ).render()
                contents.append(rendered)
            elif type(content) in additional_allowed_types:
                contents.append(content)
            elif allow_unknowns:
                contents.append("<object>")
        return contents

    def render(self) -> Any:
        block = super().render()
        block["contents"] = self.render_subcomponents(self._contents)
        if self._columns is not None:
            block["columns"] = self._columns
        return block


class ImageComponent(DefaultComponent):
    type = "image"

    def __init__(
        self,
        src: Optional[str] = None,
        label: Optional[str] = None,
        title: Optional[str] = None,
        subtitle: Optional[str] = None,
    ) -> None:
        super().__init__(title, subtitle)
        self._src, self._label = src, label

    def render(self) -> Any:
        return self._with(src=self._src, label=self._label)


class TableComponent(DefaultComponent):
    type = "table"

    def __init__(
        self,
        title: Optional[str] = None,
        subtitle: Optional[str] = None,
        headers: Any = None,
        data: Any = None,
        vertical: bool = False,
    ) -> None:
        super().__init__(title, subtitle)
        headers, data = headers if headers is not None else [], data if data is not None else [[]]
        good_headers, good_data = self.validate(headers, data)
        self._headers = headers if good_headers else []
        self._data = data if good_data else [[]]
        self._vertical = vertical

    @classmethod
    def validate(cls, headers: Any, data: Any) -> Tuple[bool, bool]:
        """Returns whether the headers are a list, and whether the data are a list whose first row is a list."""
        return type(headers) is list, type(data) is list and len(data) > 0 and type(data[0]) is list

    def render(self) -> Any:
        return self._with(columns=self._headers, data=self._data, vertical=self._vertical)


class DagComponent(DefaultComponent):
    type = "dag"

    def __init__(self, title: Optional[str] = None, subtitle: Optional[str] = None, data: Any = None) -> None:
        super().__init__(title, subtitle)
        self._data = {} if data is None else data

    def render(self) -> Any:
        return {**super().render(), "data": self._data}


class TextComponent(DefaultComponent):
    type = "text"

    def __init__(self, text: Any = None) -> None:
        super().__init__()
        self._text = text

    def render(self) -> Any:
        return {**super().render(), "text": self._text}


class LogComponent(DefaultComponent):
    type = "log"

    def __init__(self, data: Any = None) -> None:
        super().__init__()
        self._data = data

    @with_default_component_id
    def render(self) -> Any:
        return self._with(data=self._data)


class PythonCodeComponent(DefaultComponent):
    type = "pythonCode"

    def __init__(self, data: Any = None) -> None:
        super().__init__()
        self._data = data

    def render(self) -> Any:
        return self._with(data=self._data)


class HTMLComponent(DefaultComponent):
    type = "html"

    def __init__(self, data: Any = None) -> None:
        super().__init__()
        self._data = data

    def render(self) -> Any:
        return {**super().render(), "data": self._data}


class PageComponent(DefaultComponent):
    type = "page"

    def __init__(
        self, title: Optional[str] = None, subtitle: Optional[str] = None, contents: Sequence[Any] = ()
    ) -> None:
        super().__init__(title, subtitle)
        self._contents = contents

    def render(self) -> Any:
        contents = [
            content.render() if isinstance(content, MetaflowCardComponent) else content for content in self._contents
        ]
        return {**super().render(), "contents": contents}


class ErrorComponent(MetaflowCardComponent):
    """A headline and a text, shown as a log."""

    def __init__(self, headline: str, error_message: str) -> None:
        self._headline, self._error_message = headline, error_message

    def render(self) -> Any:
        return LogComponent(f"{self._headline}\n\n{self._error_message}").render()


class SerializationErrorComponent(ErrorComponent):
    """The replacement of a component that cannot be rendered."""

    def __init__(self, component_name: str, error_message: str) -> None:
        super().__init__(f"Render failed of component named `{component_name}`", error_message)


class ArtifactsComponent(DefaultComponent):
    type = "artifacts"

    def __init__(self, title: Optional[str] = None, subtitle: Optional[str] = None, data: Any = None) -> None:
        super().__init__(title, subtitle)
        self._data = {} if data is None else data

    def render(self) -> Any:
        return self._with(data=self._data)


class MarkdownComponent(DefaultComponent):
    type = "markdown"

    def __init__(self, text: Optional[str] = None) -> None:
        super().__init__()
        self._text = text

    def render(self) -> Any:
        text = self._text
        return self._with(source="\n" + text if text is not None and not text.startswith("#") else text)

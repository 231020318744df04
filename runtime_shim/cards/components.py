"""The components that flows put on cards: `Markdown`, `Table`, `Image`, `ProgressBar`, …

Each renders to exactly the JSON of Metaflow's (tests/runtime_shim/cards). The constructors accept what Metaflow's
accept: an invalid value is refused, dropped or shown as an error where Metaflow does that.
"""

from __future__ import annotations

from .base import MetaflowCardComponent, with_default_component_id
from .basic import (
    ArtifactsComponent,
    ErrorComponent,
    ImageComponent,
    LogComponent,
    MarkdownComponent,
    PythonCodeComponent,
    SectionComponent,
    TableComponent,
)
from .native_types import FRAME, TaskToDict, full_name
from .rendering import render_safely

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple, Type, Union


def _warn(component: Any, message: str) -> None:
    """Warns on the task's output, at most once for each component."""
    if component._logger is not None and not component._warned_once:
        component._logger(f"[@card-component WARNING] {message}")
        component._warned_once = True


class UserComponent(MetaflowCardComponent):
    """Base of the components below."""

    _warned_once = False

    def update(self, *args: Any, **kwargs: Any) -> None:
        _warn(
            self,
            f"{type(self).__name__} doesn't have an `update` method implemented and is not compatible with realtime "
            "updates.",
        )


class StubComponent(UserComponent):
    """The result of `components[ID]` for an ID that no component has."""

    def __init__(self, component_id: str) -> None:
        self._non_existing_comp_id = component_id

    def update(self, *args: Any, **kwargs: Any) -> None:
        _warn(
            self,
            f"Component with id {self._non_existing_comp_id} doesn't exist. No updates will be made at anytime during "
            "runtime.",
        )


class Artifact(UserComponent):
    """A value, as Python writes it."""

    REALTIME_UPDATABLE = True

    def __init__(self, artifact: Any, name: Optional[str] = None, compressed: bool = True) -> None:
        self._artifact, self._name, self._compressed = artifact, name, compressed

    def update(self, artifact: Any) -> None:
        self._artifact = artifact

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        entry = TaskToDict(only_repr=self._compressed).infer_object(self._artifact)
        entry["name"] = None if self._name is None else str(self._name)
        block = ArtifactsComponent(data=[entry])
        block.component_id = self.component_id
        return block.render()


class Table(UserComponent):
    """Rows of values and components."""

    REALTIME_UPDATABLE = True

    def __init__(self, data: Any = None, headers: Any = None, disable_updates: bool = False) -> None:
        data, headers = data or [[]], headers or []
        good_headers, good_data = TableComponent.validate(headers, data)
        self._headers = headers if good_headers else []
        self._data = data if good_data else [[]]
        if disable_updates:
            self.REALTIME_UPDATABLE = False

    @classmethod
    def from_dataframe(cls, dataframe: Any = None, truncate: bool = True) -> Table:
        """Returns the table of a pandas DataFrame, of its first five rows where `truncate`."""
        converter = TaskToDict()
        kind = converter.object_type(dataframe)
        if kind != FRAME:
            return cls(headers=[f"Object type {kind} not supported"], disable_updates=True)
        table = converter._parse_pandas_dataframe(dataframe, truncate=truncate)
        return cls(table["data"], table["headers"], disable_updates=True)

    def update(self, *args: Any, **kwargs: Any) -> None:
        _warn(
            self,
            "`Table` doesn't have an `update` method implemented. Components within a table can be updated "
            "individually but the table itself cannot be updated.",
        )

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        for row in self._data:
            for cell in row:
                if isinstance(cell, VegaChart):
                    cell._chart_inside_table = True
        allowed = (str, bool, int, float, dict, list, tuple, type(None))
        block = TableComponent(
            headers=self._headers,
            data=[SectionComponent.render_subcomponents(row, allowed, True) for row in self._data],
        )
        block.component_id = self.component_id
        return block.render()


class Image(UserComponent):
    """A picture: the bytes of a file, or a text with a `data:` URI."""

    REALTIME_UPDATABLE = True
    _PIL_IMAGE, _FIGURE = "PIL.Image.Image", "matplotlib.figure.Figure"

    def __init__(self, src: Any = None, label: Optional[str] = None, disable_updates: bool = True) -> None:
        if disable_updates:
            self.REALTIME_UPDATABLE = False
        self._set(src, label)

    @staticmethod
    def _failed(headline: str, text: str = "") -> ErrorComponent:
        return ErrorComponent(f"[IMAGE_RENDER FAIL]: {headline}", text)

    def _set(self, src: Any, label: Optional[str], error: Optional[ErrorComponent] = None) -> None:
        self._label, self._src, self._error = label, None, error
        if error is not None:
            return
        wrong = "The `Image` `src` argument should be of type `bytes` or valid image base64 string"
        if src is None:
            self._error = self._failed("`Image` Component `src` cannot be `None`")
        elif type(src) is str:
            if "data:image/" in src:
                self._src = src
            else:
                self._error = self._failed(wrong, f"String {src} is invalid base64 string")
        elif full_name(src) != "bytes":
            self._error = self._failed(wrong, f"Type of {type(src)} is invalid")
        else:
            self._src = TaskToDict().parse_image(src)
            if self._src is None:
                self._error = self._failed("Bytes not parsable as image")

    @classmethod
    def from_pil_image(cls, pilimage: Any, label: Optional[str] = None, disable_updates: bool = False) -> Image:
        return cls._made(cls._of_pil_image, pilimage, label, disable_updates, "PIL Image Not Parsable")

    @classmethod
    def from_matplotlib(cls, plot: Any, label: Optional[str] = None, disable_updates: bool = False) -> Image:
        """Returns the picture of a figure, or of anything that has one; closes the figure."""
        return cls._made(cls._of_figure, plot, label, disable_updates, "Matplotlib plot's image is not parsable")

    @classmethod
    def _made(cls, read: Any, source: Any, label: Optional[str], disable_updates: bool, headline: str) -> Image:
        image = cls(None, label, disable_updates)
        try:
            src, error = read(source)
        except Exception:
            import traceback

            src, error = None, cls._failed(headline, traceback.format_exc())
        image._set(src, label, error)
        return image

    @classmethod
    def _of_pil_image(cls, image: Any) -> Tuple[Optional[str], Optional[ErrorComponent]]:
        kind = str(TaskToDict().object_type(image))
        wrong = cls._failed(
            f"first argument for `Image` should be of type {cls._PIL_IMAGE}",
            f"Type of {kind} is invalid. Type of {cls._PIL_IMAGE} required",
        )
        if not kind.startswith("PIL"):
            return None, wrong
        try:
            import PIL.Image  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            return None, cls._failed("PIL cannot be imported")
        if not isinstance(image, PIL.Image.Image):
            return None, wrong
        import io

        file = io.BytesIO()
        try:
            image.save(file, format="PNG")
        except OSError as error:
            return None, cls._failed("PIL Image Not Parsable", repr(error))
        return TaskToDict().parse_image(file.getvalue()), None

    @classmethod
    def _of_figure(cls, plot: Any) -> Tuple[Optional[str], Optional[ErrorComponent]]:
        try:
            import matplotlib.pyplot as pyplot  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            import traceback

            return None, cls._failed("Matplotlib cannot be imported", traceback.format_exc())
        figure = plot if full_name(plot) == cls._FIGURE else None
        if figure is None:
            if getattr(plot, "get_figure", None) is None:
                return None, cls._failed(f"Invalid Type. Object {type(plot)} is not from `matplotlib`")
            figure = plot.get_figure()
        import io

        file = io.BytesIO()
        figure.savefig(file, format="PNG")
        src = TaskToDict().parse_image(file.getvalue())
        pyplot.close(figure)
        return src, None if src is not None else cls._failed("Matplotlib plot's image is not parsable")

    def update(self, image: Any, label: Optional[str] = None) -> None:
        if not self.REALTIME_UPDATABLE:
            _warn(
                self,
                "The `Image` component is disabled for realtime updates. Please set `disable_updates` to `False` "
                "while creating the `Image` object.",
            )
            return
        label = self._label if label is None else label
        kind = str(TaskToDict().object_type(image))
        if kind in ("bytes", "str"):
            self._set(image, label)
        elif kind.startswith("PIL"):
            self._set(*self._read(self._of_pil_image, image, label))
        elif kind == self._FIGURE:
            self._set(*self._read(self._of_figure, image, label))
        else:
            types = ", ".join(("str", "bytes", self._PIL_IMAGE, self._FIGURE))
            self._set(
                None,
                label,
                self._failed(f"Invalid Type. Object {type(image)} is not supported. Supported types: {types}"),
            )

    @staticmethod
    def _read(read: Any, source: Any, label: Optional[str]) -> Tuple[Any, Optional[str], Optional[ErrorComponent]]:
        src, error = read(source)
        return src, label, error

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        if self._error is not None:
            return self._error.render()
        block = ImageComponent(self._src, self._label)
        block.component_id = self.component_id
        return block.render()


class Error(UserComponent):
    """An exception, in one line."""

    def __init__(self, exception: Any, title: Optional[str] = None) -> None:
        self._exception, self._title = exception, title

    @render_safely
    def render(self) -> Any:
        return LogComponent(f"{self._title}\n\n{self._exception!r}").render()


class Markdown(UserComponent):
    """A text in Markdown; the indentation that all its lines share is removed."""

    REALTIME_UPDATABLE = True

    def __init__(self, text: Optional[str] = None) -> None:
        self._text = _dedented(text)

    def update(self, text: Optional[str] = None) -> None:
        self._text = _dedented(text)

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        block = MarkdownComponent(self._text)
        block.component_id = self.component_id
        return block.render()


def _dedented(text: Optional[str]) -> Optional[str]:
    if text is None:
        return None
    import textwrap

    return textwrap.dedent(text)


class ProgressBar(UserComponent):
    """A progress bar from 0 to `max`."""

    type = "progressBar"
    REALTIME_UPDATABLE = True

    def __init__(
        self,
        max: int = 100,
        label: Optional[str] = None,
        value: int = 0,
        unit: Optional[str] = None,
        metadata: Optional[str] = None,
    ) -> None:
        self._max, self._label, self._value, self._unit, self._metadata = max, label, value, unit, metadata

    def update(self, new_value: int, metadata: Optional[str] = None) -> None:
        self._value = new_value
        if metadata is not None:
            self._metadata = metadata

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        block = {"type": self.type, "id": self.component_id, "max": self._max, "value": self._value}
        block.update(
            {
                key: text
                for key, text in (("label", self._label), ("unit", self._unit), ("details", self._metadata))
                if text
            }
        )
        return block


def _is_css_class(name: str) -> bool:
    import re

    return re.match(r"^[a-zA-Z][a-zA-Z0-9_-]*$", name) is not None


class ValueBox(UserComponent):
    """One number or text in large print, with a title, a subtitle and a change indicator."""

    type = "valueBox"
    REALTIME_UPDATABLE = True
    VALID_THEMES = {"default", "success", "warning", "danger", "bg-gradient-indigo-purple"}
    _LONGEST = {"title": 200, "subtitle": 300, "change_indicator": 200}

    def __init__(
        self, title: Optional[str] = None, value: Union[str, int, float] = "", subtitle: Optional[str] = None,
        theme: Optional[str] = None, change_indicator: Optional[str] = None,
    ) -> None:  # fmt: skip
        self._check_text("title", title)
        self._check_value(value)
        self._check_text("subtitle", subtitle)
        self._check_theme(theme)
        self._check_text("change_indicator", change_indicator)
        self._title, self._value, self._subtitle, self._theme, self._change_indicator = (
            title,
            value,
            subtitle,
            theme,
            change_indicator,
        )

    def update(
        self, title: Optional[str] = None, value: Optional[Union[str, int, float]] = None,
        subtitle: Optional[str] = None, theme: Optional[str] = None, change_indicator: Optional[str] = None,
    ) -> None:  # fmt: skip
        if title is not None:
            self._check_text("title", title)
            self._title = title
        if value is not None:
            self._check_value(value)
            self._value = value
        if subtitle is not None:
            self._check_text("subtitle", subtitle)
            self._subtitle = subtitle
        if theme is not None:
            self._check_theme(theme)
            self._theme = theme
        if change_indicator is not None:
            self._check_text("change_indicator", change_indicator)
            self._change_indicator = change_indicator

    @classmethod
    def _check_text(cls, name: str, text: Any) -> None:
        """Raises TypeError or ValueError for what cannot be the title, subtitle or change indicator."""
        if text is None:
            return
        what, longest = name.replace("_", " ").capitalize(), cls._LONGEST[name]
        if not isinstance(text, str):
            raise TypeError(f"{what} must be a string, got {type(text).__name__}")
        if len(text) > longest:
            raise ValueError(f"{what} must be {longest} characters or less, got {len(text)} characters")
        if not text.strip():
            raise ValueError(f"{what} cannot be empty or whitespace only")

    @staticmethod
    def _check_value(value: Any) -> None:
        if value is None:
            raise ValueError("Value is required and cannot be None")
        if not isinstance(value, (str, int, float)):
            raise TypeError(f"Value must be str, int, or float, got {type(value).__name__}")
        if isinstance(value, str):
            if len(value) > 100:
                raise ValueError(f"String value must be 100 characters or less, got {len(value)} characters")
            if not value.strip():
                raise ValueError("String value cannot be empty or whitespace only")
        elif not -1e15 <= value <= 1e15:
            raise ValueError(f"Numeric value must be between -1e15 and 1e15, got {value}")

    @classmethod
    def _check_theme(cls, theme: Any) -> None:
        if theme is None:
            return
        if not isinstance(theme, str):
            raise TypeError(f"Theme must be a string, got {type(theme).__name__}")
        if not theme.strip():
            raise ValueError("Theme cannot be empty or whitespace only")
        if theme not in cls.VALID_THEMES and not _is_css_class(theme):
            raise ValueError(f"Theme must be a valid CSS class name, got '{theme}'")

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        block = {"type": self.type, "id": self.component_id, "value": self._value}
        for name in ("title", "subtitle", "theme", "change_indicator"):
            if getattr(self, f"_{name}") is not None:
                block[name] = getattr(self, f"_{name}")
        return block


class VegaChart(UserComponent):
    """A chart: its Vega or Vega-Lite specification, as a dict."""

    type = "vegaChart"
    REALTIME_UPDATABLE = True

    def __init__(self, spec: Dict[str, Any], show_controls: bool = False) -> None:
        self._spec, self._show_controls = spec, show_controls
        self._chart_inside_table = False

    @staticmethod
    def _is_altair_chart(chart: Any) -> bool:
        name = full_name(chart)
        return all(word in name for word in ("altair", "vegalite", "Chart"))

    @classmethod
    def from_altair_chart(cls, altair_chart: Any) -> VegaChart:
        if not cls._is_altair_chart(altair_chart):
            raise ValueError(full_name(altair_chart) + " is not an altair chart")
        return cls(cls._spec_of(altair_chart))

    @staticmethod
    def _spec_of(altair_chart: Any) -> Dict[str, Any]:
        """Returns the chart's specification: Vega-Lite, or Vega where altair's data transformer gives only that."""
        try:
            spec: Dict[str, Any] = altair_chart.to_dict()
        except ValueError as error:
            if 'format="vega"' not in str(error):
                raise
            spec = altair_chart.to_dict(format="vega")
        return spec

    def update(self, spec: Any = None) -> None:
        if self._is_altair_chart(spec):
            spec = self._spec_of(spec)
        if spec is not None:
            self._spec = spec

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        spec = dict(self._spec) if isinstance(self._spec, dict) else self._spec
        block = {"type": self.type, "id": self.component_id, "spec": spec}
        if not self._show_controls:
            block["options"] = {"actions": False}
        if "width" not in spec and not self._chart_inside_table:
            spec["width"] = "container"
        if self._chart_inside_table and "autosize" not in spec:
            spec["autosize"] = "fit-x"
        return block


class PythonCode(UserComponent):
    """The source of a function, or a text."""

    def __init__(self, code_func: Optional[Callable[..., Any]] = None, code_string: Optional[str] = None) -> None:
        if code_func is not None:
            import inspect

            code_string = inspect.getsource(code_func)
        self._code_string = code_string

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        if self._code_string is None:
            headline = "`PythonCode` component requires a `code_func` or `code_string` argument. "
            return ErrorComponent(headline, "None provided for both").render()
        block = PythonCodeComponent(self._code_string)
        block.component_id = self.component_id
        return block.render()


class _Viewer(UserComponent):
    """A value as a text that can be folded and copied."""

    type = _key = _title_by_default = ""
    REALTIME_UPDATABLE = True

    def __init__(
        self,
        data: Any,
        collapsible: bool = True,
        max_height: Optional[str] = None,
        show_copy_button: bool = True,
        title: Optional[str] = None,
    ) -> None:
        self._data, self._collapsible, self._max_height = data, collapsible, max_height
        self._show_copy_button, self._title = show_copy_button, title

    def update(self, data: Any) -> None:
        self._data = data

    def _as_text(self) -> str:
        raise NotImplementedError

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        block = {
            "type": self.type, "id": self.component_id, self._key: self._as_text(), "collapsible": self._collapsible,
            "show_copy_button": self._show_copy_button, "title": self._title or self._title_by_default,
        }  # fmt: skip
        if self._max_height:
            block["max_height"] = self._max_height
        return block


class JSONViewer(_Viewer):
    """A value as JSON; a text that is JSON is parsed first."""

    type, _key, _title_by_default = "jsonViewer", "json_string", "JSON"

    def _as_text(self) -> str:
        import json

        try:
            data = self._data
            if isinstance(data, str):
                try:
                    data = json.loads(data)
                except ValueError:
                    pass
            return json.dumps(data, indent=2, ensure_ascii=False, default=str)
        except Exception as error:
            return json.dumps({"error": f"Could not serialize data: {error}"}, indent=2)


class YAMLViewer(_Viewer):
    """A value as YAML; a text that is JSON is parsed first, and any other text is shown unchanged."""

    type, _key, _title_by_default = "yamlViewer", "yaml_string", "YAML"

    def _as_text(self) -> str:
        import json

        from .yaml_text import dump

        data = self._data
        try:
            if isinstance(data, str):
                try:
                    data = json.loads(data)
                except ValueError:
                    return str(data)
            return dump(data)
        except Exception as error:
            return f"# Error converting to YAML: {error}\n{json.dumps(self._data, indent=2, default=str)}"


class EventsTimeline(UserComponent):
    """A list of events, newest first."""

    type = "eventsTimeline"
    REALTIME_UPDATABLE = True
    VALID_THEMES = {
        "default",
        "success",
        "warning",
        "error",
        "info",
        "primary",
        "secondary",
        "tool_call",
        "ai_response",
    }
    _PAYLOADS: Tuple[Type[MetaflowCardComponent], ...] = (
        ValueBox,
        Image,
        Markdown,
        Artifact,
        PythonCode,
        JSONViewer,
        YAMLViewer,
    )

    def __init__(self, title: Optional[str] = None, max_events: int = 100) -> None:
        self._title, self._max_events = title, max_events
        self._events: List[Dict[str, Any]] = []
        self._total = 0
        self._first: Optional[float] = None
        self._last: Optional[float] = None
        self._finished = False

    def update(
        self, event_data: Dict[str, Any], style_theme: Optional[str] = None, priority: Optional[str] = None,
        payloads: Optional[Dict[str, Any]] = None, finished: Optional[bool] = None,
    ) -> None:  # fmt: skip
        """Adds an event."""
        if style_theme is not None and style_theme not in self.VALID_THEMES and not _is_css_class(style_theme):
            raise ValueError(f"Invalid style_theme '{style_theme}'. Must be a valid CSS class name.")
        for name, payload in payloads.items() if payloads is not None else ():
            if not isinstance(payload, self._PAYLOADS):
                kinds = "ValueBox, Image, Markdown, Artifact, JSONViewer, YAMLViewer"
                raise TypeError(f"Payload '{name}' must be one of: {kinds}. Got {type(payload).__name__}")
        import time

        now = time.time()
        if "timestamp" not in event_data:
            event_data["timestamp"] = now
        event: Dict[str, Any] = {
            "metadata": event_data,
            "payloads": payloads or {},
            "event_id": f"event_{self._total}",
            "received_at": now,
        }
        if style_theme is not None:
            event["style_theme"] = style_theme
        if priority is not None:
            event["priority"] = priority
        self._total += 1
        self._last = now
        if self._first is None:
            self._first = now
        if finished is not None:
            self._finished = finished
        self._events = [event, *self._events][: self._max_events]

    def get_stats(self) -> Dict[str, Any]:
        """Returns how many events there were, and how often."""
        stats: Dict[str, Any] = {
            "total_events": self._total, "displayed_events": len(self._events), "last_update": self._last,
            "first_event": self._first, "finished": self._finished,
        }  # fmt: skip
        if self._first is not None and self._last is not None and self._total > 1 and self._last > self._first:
            seconds = self._last - self._first
            stats["events_per_minute"] = round(self._total / seconds * 60, 1)
            stats["total_runtime_seconds"] = round(seconds, 1)
        return stats

    @with_default_component_id
    @render_safely
    def render(self) -> Any:
        events = [
            {**event, "payloads": {name: component.render() for name, component in event["payloads"].items()}}
            for event in self._events
        ]
        config = {"show_stats": True, "show_relative_time": True, "max_events": self._max_events}
        block: Dict[str, Any] = {"type": self.type, "id": self.component_id, "events": events, "config": config}
        if self._title is not None:
            block["title"] = self._title
        block["stats"] = self.get_stats()
        return block

"""Every component of cards, on one card.

Run it with `flowc run examples/cards.py --run-id cards`; `flowc card view cards/start --id gallery` opens the card.
"""

import struct
import zlib

from metaflow import FlowSpec, card, current, step
from metaflow.cards import (
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

LOSSES = [{"epoch": epoch, "loss": round(2 / (epoch + 1), 3)} for epoch in range(12)]


def markdown():
    """Text with headings, lists, tables, code and links. HTML in it is shown as text."""
    return [
        Markdown("# Wine\n\nThe model finds **92 %** of the good wines, see [the data](https://archive.ics.uci.edu)."),
        Markdown("| grape | wines |\n|---|---:|\n| Merlot | 59 |\n| Syrah | 71 |\n\n- [x] trained\n- [ ] reviewed"),
    ]


def table():
    """Rows of plain values, or of other components. `from_dataframe` shows the first rows of a frame."""
    return [
        Table(
            [["alpha", 0.1, Markdown("*the default*")], ["epochs", 12, ProgressBar(12, value=9)]],
            headers=["parameter", "value", "note"],
        )
    ]


def image():
    """A PNG, JPEG, GIF or WebP picture as bytes. Figures and PIL pictures have constructors of their own."""
    return [Image(gradient(160, 60), label="what the first layer sees")]


def artifact():
    """Any object, as Python writes it."""
    return [Artifact({"alpha": 0.1, "layers": [64, 32], "best": None}, name="settings"), Artifact(LOSSES[:2])]


def progress_bar():
    """How far something has come. `update` and `current.card.refresh()` move it while the step runs."""
    return [ProgressBar(max=12, label="epochs", value=9, metadata="loss 0.2"), ProgressBar(max=100, value=30)]


def value_box():
    """One number or text in large print."""
    return [
        ValueBox(title="accuracy", value=0.92, subtitle="on 178 wines", theme="success", change_indicator="+3 %"),
        ValueBox(title="rows", value=1234567),
        ValueBox(title="drift", value="high", theme="danger"),
    ]


def vega_chart():
    """A Vega or Vega-Lite specification, or an altair chart. `show_controls` adds a menu that saves the picture."""
    spec = {
        "title": "Loss",
        "data": {"values": LOSSES},
        "mark": "line",
        "height": 160,
        "encoding": {
            "x": {"field": "epoch", "type": "quantitative"},
            "y": {"field": "loss", "type": "quantitative"},
        },
    }
    return [VegaChart(spec, show_controls=True)]


def python_code():
    """The source of a function, or a text."""
    return [PythonCode(artifact)]


def error():
    """An exception that the step has caught."""
    return [Error(ValueError("a wine without a year"), title="row 17 was left out")]


def json_viewer():
    """An object or a text as JSON, indented. A reader can fold it."""
    return [JSONViewer({"grape": "Merlot", "years": [2019, 2020]}, title="request")]


def yaml_viewer():
    """The same as YAML."""
    return [YAMLViewer({"grape": "Merlot", "years": [2019, 2020]}, title="request")]


def events_timeline():
    """What happened, newest first, with other components folded into an event."""
    events = EventsTimeline(title="training")
    events.update({"message": "began", "timestamp": 1767323045}, style_theme="info")
    events.update({"message": "slow epoch", "timestamp": 1767323065}, style_theme="warning", priority="high")
    done = {"scores": JSONViewer({"accuracy": 0.92})}
    events.update({"message": "done", "timestamp": 1767323075}, style_theme="success", payloads=done, finished=True)
    return [events]


COMPONENTS = [
    markdown, table, image, artifact, progress_bar, value_box, vega_chart, python_code, error, json_viewer,
    yaml_viewer, events_timeline,
]  # fmt: skip


def gradient(width, height):
    """Returns a PNG."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (255 * x // width, 255 * y // height, 128))
        for y in range(height)
    )

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Cards(FlowSpec):
    @card(type="blank", id="gallery")
    @card(id="default")
    @step
    def start(self):
        self.settings = {"alpha": 0.1}
        for components in COMPONENTS:
            current.card["gallery"].append(Markdown("## " + components.__name__.replace("_", " ")))
            current.card["gallery"].extend(components())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Cards()

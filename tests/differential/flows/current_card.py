# What `current.card` gives and warns of, by which cards the step has.
import contextlib
import os
import re
import sys
import tempfile

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, MetaflowCardComponent, ProgressBar, Table


class Raises(MetaflowCardComponent):
    def render(self):
        raise ValueError("no")


def masked(value):
    return re.sub(r"_[0-9a-f]{6}\b", "_ID", str(value))


@contextlib.contextmanager
def printed(file):
    """Sends what is printed to the file, whoever prints it."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = [os.dup(1), os.dup(2)]
    try:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        yield
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        for descriptor, each in enumerate(before, 1):
            os.dup2(each, descriptor)
            os.close(each)


def tried(*works):
    """What each call gives, or raises, and what it prints."""
    found = []
    for work in works:
        with tempfile.TemporaryFile() as file, printed(file):
            try:
                given = masked(work())
            except Exception as error:
                given = masked(f"{type(error).__name__}: {error}")
            sys.stderr.flush()
            file.seek(0)
            said = re.sub(r"\x1b\[[0-9;]*m", "", file.read().decode())
        given = re.sub(r"<.* object at 0x.*>", "<object>", given)
        found.append((given, masked(said)))
    return found


def usual():
    shown = current.card
    return tried(
        lambda: shown.append(Markdown("a"), id="a"),
        lambda: shown.append(Markdown("b")),
        lambda: shown.append("no component"),
        lambda: shown.append("no component"),
        lambda: shown.extend([Markdown("c"), Table([[1]])]),
        lambda: shown["one"],
        lambda: shown["one"],
        lambda: shown["missing"],
        lambda: shown["missing"],
        lambda: shown["missing"].append(Markdown("lost")),
        lambda: len(shown.get("default")),
        lambda: len(shown.get(type="blank")),
        lambda: shown.get(),
        lambda: shown.refresh({"a": 1}),
        lambda: shown.clear(),
    )


def put(key, value):
    current.card[key] = value


def components():
    found = current.card.components

    def overwrite():
        found["bar"] = Markdown("x")

    def add():
        found["new"] = Markdown("x")

    def delete():
        del found["bar"]

    return tried(
        lambda: current.card.append(ProgressBar(3), id="bar"),
        lambda: current.card.append(Markdown("x")),
        lambda: found.keys(),
        lambda: str(found),
        lambda: (len(found), "bar" in found, "new" in found, [type(each).__name__ for each in found]),
        lambda: found["bar"].update(2),
        lambda: found["bar"].render(),
        overwrite,
        add,
        delete,
        delete,
        lambda: found["missing"].update(1),
        lambda: found["missing"].update(1),
        lambda: current.card.append(Markdown("now"), id="missing"),
        lambda: found["missing"].render(),
        lambda: found.append(Raises(), id="raises"),
        lambda: found.extend([Markdown("y")]),
        lambda: [type(each).__name__ for each in found.values()],
        lambda: found.clear(),
        lambda: len(found),
    )


class CurrentCard(FlowSpec):
    @step
    def start(self):
        self.without = tried(lambda: current.card)
        self.next(self.one)

    @card(type="blank", id="one")
    @step
    def one(self):
        self.found = usual()
        self.components = components()
        self.put = tried(
            lambda: put("one", [Markdown("x"), Table([[1]])]),
            lambda: [type(each).__name__ for each in current.card["one"]],
            lambda: put("one", (Markdown("x"),)),
            lambda: put("missing", [Markdown("x")]),
            lambda: len(current.card["one"].components),
        )
        self.next(self.two)

    @card(type="blank", id="one")
    @card(type="blank", id="two")
    @step
    def two(self):
        self.found = usual()
        self.next(self.customized)

    @card(type="blank", id="one")
    @card(type="blank", customize=True, id="two")
    @step
    def customized(self):
        self.found = usual()
        self.next(self.not_editable)

    @card(type="taskspec_card", id="one")
    @step
    def not_editable(self):
        self.found = usual()
        self.next(self.unknown)

    @card(type="no_such", id="one")
    @step
    def unknown(self):
        self.found = usual()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    CurrentCard()

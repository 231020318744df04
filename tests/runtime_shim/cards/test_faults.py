"""Cards when something goes wrong: too large ones, a full disk, a process that is killed while it refreshes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim import client
from flowc.runtime_shim.cards import stored
from flowc.runtime_shim.cards.client import get_cards
from flowc.runtime_shim.cards.exceptions import CardNotPresentException

from tests.support.container import Container
from tests.support.running import flowc, run, until

SMALL = {"type": "markdown", "source": "small"}


def cards(store: Path, task: str) -> Any:
    client.metadata(f"local@{store}")
    client.namespace(None)
    return get_cards(f"F/r/{task}")


LARGE = """
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Image, Markdown, MetaflowCard, Table


class Huge(MetaflowCard):
    type = "huge"

    def render(self, task):
        return "x" * 1_000_000_000


class F(FlowSpec):
    @card(type="blank")
    @card(type="huge", id="huge")
    @card(id="default")
    @step
    def start(self):
        self.x = 5
        for one in (current.card, current.card["default"]):
            one.append(Markdown("before"))
            one.append(Markdown("y" * 50_000_000))
            one.append(Table([["kept"]]))
        self.next(self.end)

    @step
    def end(self):
        assert self.x == 5
"""


@pytest.mark.slow
def test_cards_of_fifty_megabytes_and_of_one_gigabyte(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        LARGE.replace("current.card, ", 'current.card["blank"], ').replace('"blank")', '"blank", id="blank")')
    )
    done = run(tmp_path / "flow.py", tmp_path / "store")
    assert "succeeded, 2 tasks" in done.stdout + done.stderr
    blank, huge, default = cards(tmp_path / "store", "start/start")
    for card in (blank, default):
        page = card.get()
        assert "before" in page and "kept" in page and len(page) < 200_000
        assert "A component of type markdown is left out: it takes 5000" in page
    assert "The card takes 10000000" in huge.get() and "Card Render Failed" in huge.get()
    assert max(path.stat().st_size for path in (tmp_path / "store").rglob("*.card.*")) < stored.LARGEST
    (tmp_path / "page.html").write_text("")
    flowc("report", "r", "--store", str(tmp_path / "store"), "-o", str(tmp_path / "page.html"), check=True)
    assert "is left out" in (tmp_path / "page.html").read_text()


def test_only_the_largest_components_of_a_section_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_CARD_LIMIT", "700")
    section: dict[str, Any] = {
        "type": "section",
        "contents": [SMALL, {"type": "markdown", "source": "x" * 5000}, SMALL],
    }
    page = stored.loads(stored.dumps({"components": [section, "text"]}), "card")
    first, note, last = page["components"][0]["contents"]
    assert first == last == SMALL and "of type markdown is left out: it takes 50" in note["data"]
    assert page["components"][1] == "text" and len(section["contents"][1]["source"]) == 5000  # the step's own stays


def test_the_result_of_a_custom_type_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(LARGE.replace("1_000_000_000", "50_000").replace("50_000_000", "1"))
    run(tmp_path / "flow.py", tmp_path / "store", env={"FLOWC_CARD_LIMIT": "4000"})
    assert (
        "The card takes 50009 bytes, and at most 40000 are stored" in cards(tmp_path / "store", "start/start")[1].get()
    )


FULL = """
import os

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="blank", refresh_interval=0)
    @card(type="test_editable_card", id="custom")
    @step
    def start(self):
        current.card.append(Markdown("first"), id="text")
        current.card["custom"].append(Markdown("x" * 300_000))
        self.small = 1
        if os.environ["FILLS"] == "cards":
            current.card.components["text"].update(os.urandom(300_000).hex())
            current.card.refresh()
        else:
            self.large = os.urandom(600_000)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounting needs root on Linux")
@pytest.mark.parametrize("fills", ["cards", "artifacts"])
def test_a_full_disk(fills: str, tmp_path: Path) -> None:
    """The cards do not fit: the task succeeds without them. Its artifacts do not fit: it fails. No card is cut off."""
    store = tmp_path / "store"
    store.mkdir()
    flow = Container(FULL, tmp_path)
    code = {path.relative_to(store): path.read_bytes() for path in store.rglob("*") if path.is_file()}
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(store)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let a test mount a file system")
    try:
        for path, content in code.items():
            (store / path).parent.mkdir(parents=True, exist_ok=True)
            (store / path).write_bytes(content)
        done = flow.task("start", code=0 if fills == "cards" else 3, FILLS=fills)
        if fills == "cards":
            assert flow.record("start")["artifacts"]["small"] and "Traceback" not in done.stderr
            assert "@card(type='blank') has no card: StoreError" in done.stderr
            assert "@card(type='test_editable_card', id='custom') has no card: StoreError" in done.stderr
            with pytest.raises(CardNotPresentException):
                cards(store, "start/start")
        else:
            assert "No space left on device" in done.stderr
            assert not flow.place("start").exists()
        for path in store.rglob("*.card.*"):
            stored.loads(path.read_bytes(), path.name)  # whole, or not there
        assert [path.name for path in store.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"] == []
    finally:
        subprocess.run(["umount", str(store)], check=True)


KILLED = """
import os

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="blank", refresh_interval=0)
    @step
    def start(self):
        current.card.append(Markdown(""), id="text")
        for number in range(10_000):
            current.card.components["text"].update(f"{number} " * 200_000)
            current.card.refresh()
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_process_that_is_killed_in_the_middle_of_a_refresh(tmp_path: Path) -> None:
    flow = Container(KILLED, tmp_path)
    folder = flow.place("start").parent
    for attempt, delay in enumerate((0.0, 0.011, 0.023, 0.037, 0.05)):
        process = subprocess.Popen(
            flow.command("start"), env={**flow.environment, "FLOWC_ATTEMPT": str(attempt)}, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda attempt=attempt: list(folder.glob(f"-.{attempt}.card.*.live.json")), "the card is shown")  # type: ignore[misc]
        time.sleep(delay)  # so that it is killed at different points of what it does all the time
        process.send_signal(signal.SIGKILL)
        process.wait()
        card = cards(tmp_path / "store", "start/start")[0]
        data = card.get_data()
        assert card.attempt == attempt and card.is_live and data is not None
        words = data["data"]["text"]["source"].split()
        assert len(words) == 200_000 and len(set(words)) == 1  # one state of it, whole

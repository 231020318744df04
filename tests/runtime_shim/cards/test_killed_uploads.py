"""A task that is killed while it uploads a card to S3: whoever reads the cards later sees a whole one, or none."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from flowc.runtime_shim import client
from flowc.runtime_shim.cards.client import get_cards
from flowc.runtime_shim.cards.exceptions import CardNotPresentException
from flowc.runtime_shim.exceptions import MetaflowNotFound
from flowc.runtime_shim.store import open_store

from tests.support.container import Container
from tests.support.cut_off import cut_off
from tests.support.running import until
from tests.support.s3_server import BUCKET, S3Server

SIZE = 3_000_000
FLOW = f"""
import time

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, MetaflowCard


class Own(MetaflowCard):
    type = "own"

    def render(self, task):
        return "<p>" + "z" * {SIZE} + "</p>"


class F(FlowSpec):
    @card(type="TYPE", refresh_interval=0)
    @step
    def start(self):
        if "TYPE" == "blank":
            current.card.append(Markdown(""), id="text")
            for letter in "abc":
                current.card.components["text"].update(letter * {SIZE})
                current.card.refresh()
                time.sleep(1)  # so that every state is uploaded
            current.card.components["text"].update("final" * {SIZE // 5})
        self.next(self.end)

    @step
    def end(self):
        pass
"""
LIVE, LAST = r"\.card\..*\.live\.json$", r"\.card\.(?!.*\.live\.).*\.json$"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("type", "pattern", "number", "shown"),
    [
        ("blank", LIVE, 1, None),
        ("blank", LIVE, 2, "a"),
        ("blank", LAST, 1, "c"),
        ("own", r"\.card\..*\.html$", 1, None),
    ],
    ids=["the first state", "a later state", "the last one", "HTML of a custom type"],
)
def test_no_half_of_a_card_is_seen(
    type: str, pattern: str, number: int, shown: str | None, s3: S3Server, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    store = f"s3://{BUCKET}/killed-{type}-{number}-{len(pattern)}"
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    flow = Container(FLOW.replace("TYPE", type), tmp_path, store, s3.environment)
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file():
            open_store(store).put(str(path.relative_to(tmp_path / "store")), path.read_bytes())

    def killed(attempt: int) -> None:
        with cut_off(s3.url, pattern, number) as proxy:
            process = subprocess.Popen(
                flow.command("start"), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**flow.environment, "AWS_ENDPOINT_URL_S3": proxy.url, "FLOWC_ATTEMPT": str(attempt)},
            )  # fmt: skip
            until(lambda: proxy.is_reached.is_set() or process.poll() is not None, "half of a card is uploaded")
            assert proxy.is_reached.is_set()
            process.send_signal(signal.SIGKILL)
            process.wait()
            until(proxy.is_over.is_set, "the server knows that no more comes")

    killed(0)
    client.metadata(store)
    client.namespace(None)
    if shown is None:
        assert [name for name in open_store(store).list("F/runs/") if ".card." in name] == []
        with pytest.raises((CardNotPresentException, MetaflowNotFound)):  # nothing at all is there of a first attempt
            get_cards("F/r/start/start")
        # the record precedes the card of a custom type
        assert bool(list(open_store(store).list("F/runs/r/start/-.json"))) is (type == "own")
    else:
        (card,) = get_cards("F/r/start/start")
        data = card.get_data()
        assert card.is_live and data is not None and data["data"]["text"]["source"].strip() == shown * SIZE
        assert shown * SIZE in card.get()
    flow.task("start", attempt=1)  # the next attempt, or the same one, started again by its engine
    cards = [*get_cards("F/r/start/start")] if type == "blank" else []
    assert [card.attempt for card in cards][:1] == ([1] if type == "blank" else [])
    assert all("final" * 1000 in card.get() for card in cards[:1])

"""`current.card` and `metaflow.cards`: what a step puts on a card is held, and nothing fails."""

from __future__ import annotations

from flowc.runtime_shim import cards


def test_what_is_put_on_cards_is_held() -> None:
    card = cards.Cards([{"type": "blank", "id": None}, {"type": "default", "id": "second"}])
    card.append(cards.Markdown("# title"), id="title")
    card.extend([cards.Table([[1, 2]], headers=["a", "b"]), cards.ProgressBar(max=5)])
    card.components["title"].update("# other")
    assert [type(each).__name__ for each in card] == ["Markdown", "Table", "ProgressBar"]
    assert card.components["title"].text == "# other"
    card["second"].append(cards.Artifact({"a": 1}, name="x"))
    assert next(iter(card["second"])).artifact == {"a": 1}
    card["nobody has this id"].append(cards.Error(ValueError("x")))
    card.clear()
    card.refresh({"data": 1}, force=True)
    assert list(card) == [] and len(list(card["second"])) == 1
    assert card.get("blank") and not card.get("other")


def test_components() -> None:
    bar = cards.ProgressBar(max=10, label="work")
    bar.update(3, metadata="slow")
    assert (bar.value, bar.metadata, bar.max) == (3, "slow", 10)
    box = cards.ValueBox(title="Loss", value=1)
    box.update(value=2)
    assert box.render()["value"] == 2
    timeline = cards.EventsTimeline(max_events=2)
    for number in range(3):
        timeline.update({"n": number})
    assert [event["n"] for event, _ in timeline.events] == [2, 1]
    assert cards.PythonCode(code_string="x = 1").code_string == "x = 1"
    assert cards.get_cards("F/r/start/-") == []

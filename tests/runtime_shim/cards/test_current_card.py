"""`current.card`: the edited card, its names, and the warnings. `tests/differential` compares it with Metaflow."""

from __future__ import annotations

from typing import Any

import pytest
from flowc.runtime_shim.cards.components import Markdown, ProgressBar
from flowc.runtime_shim.cards.current_card import CardComponentCollector
from flowc.runtime_shim.cards.exceptions import ComponentOverwriteNotSupportedException
from flowc.runtime_shim.exceptions import TimeoutException

WRONG_ID = (
    "`current.card['x']` is not present. Please set the `id` argument in @card to 'x' to access `current.card['x']`."
)


def collector(*cards: dict[str, Any]) -> tuple[CardComponentCollector, list[str]]:
    messages: list[str] = []
    return CardComponentCollector([{"type": "default", **card} for card in cards], messages.append), messages


def texts(card: Any) -> list[str]:
    return [block["source"].strip() if block["type"] == "markdown" else block["data"] for block in card.rendered()]


@pytest.mark.parametrize(
    ("cards", "edited"),
    [
        ([{}], 0),
        ([{"id": "a"}], 0),
        ([{"id": "a"}, {}], 1),
        ([{"id": "a"}, {"id": "b"}], None),
        ([{}, {}], None),
        ([{"id": "a"}, {"id": "b", "customize": True}], 1),
        ([{"id": "a"}, {}, {"id": "b", "customize": "True"}], 2),
        ([{"id": "a"}, {}, {"customize": True}], 2),
        ([{"customize": True}, {"customize": True}], None),
        ([{"type": "taskspec_card"}, {"id": "a"}], 1),
        ([{"type": "taskspec_card", "customize": True}], None),
        ([{"type": "no_such"}], None),
        ([{"type": "blank", "id": "not an id"}, {"id": "b"}], 0),
    ],
)
def test_which_card_is_edited_by_default(cards: list[dict[str, Any]], edited: int | None) -> None:
    card, _ = collector(*cards)
    card.append(Markdown("x"))
    card.extend([Markdown("y")])
    edited_cards = [at for at, manager in enumerate(card._managers) if texts(manager)[:2] == ["x", "y"]]
    assert edited_cards == ([] if edited is None else [edited])


def test_an_unknown_id_is_a_list_that_is_lost() -> None:
    card, messages = collector({"id": "a"})
    assert card["x"] == [] and card["x"] == []
    card["x"].append(Markdown("lost"))
    (warning,) = messages
    assert warning.startswith(f"[@card WARNING] {WRONG_ID}")
    assert len(texts(card["a"])) == 1 and texts(card["a"])[0].startswith("@card WARNING\n\n" + WRONG_ID)


def test_warnings_on_cards_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_CARD_NO_WARNING", "1")
    card, messages = collector({"id": "a"})
    assert card["x"] == [] and len(messages) == 1 and texts(card["a"]) == []


def test_ids() -> None:
    card, messages = collector({"id": "a"}, {"id": "a"}, {"id": "b"}, {"type": "taskspec_card", "id": "t"})
    assert "duplicate ids : a." in messages[0]
    assert card["a"] == [] and card["b"] is card.get("default")[2] and card["t"] is card.get("taskspec_card")[0]
    assert card.get("other") == []
    card["b"] = [Markdown("1"), Markdown("2")]
    assert texts(card["b"]) == ["1", "2"]
    card["b"] = (Markdown("3"),)
    card["c"] = [Markdown("4")]
    assert (
        texts(card["b"]) == ["1", "2"]
        and "should be a `list`" in messages[-2]
        and "`current.card['c']` is not present" in messages[-1]
    )


def test_no_card_has_an_id_where_none_is_editable() -> None:
    card, _ = collector({"type": "taskspec_card", "id": "t"})
    assert card["t"] == []


def test_without_an_edited_card() -> None:
    card, messages = collector({"id": "a"}, {"id": "b"})
    for _ in range(2):
        card.append(Markdown("x"))
        card.extend([Markdown("x")])
        assert card.components is None
        card.clear()
        card.refresh()
    assert [message.partition(" cannot disambiguate ")[0] for message in messages] == [
        f"[@card WARNING] `current.card.{name}`" for name in ("append", "extend", "components")
    ]
    assert len(texts(card["a"])) == 2  # the warning of `components` is on no card, as in Metaflow


def test_components_by_id() -> None:
    card, messages = collector({})
    components = card.components
    assert components is not None
    bar = ProgressBar(3)
    card.append(bar, id="bar")
    card.append(Markdown("x"))
    assert (
        components["bar"] is bar
        and "bar" in components
        and len(components) == 2
        and list(card) == list(components) == list(components.values())
    )
    assert (
        components.keys()[0] == "bar"
        and components.keys()[1].startswith("markdown_")
        and len(components.keys()[1]) == len("markdown_123456")
    )
    with pytest.raises(ComponentOverwriteNotSupportedException, match="Component with id bar already exists"):
        components["bar"] = Markdown("y")
    components["new"] = Markdown("y")
    components["missing"].update("nothing")
    components["missing"].update("nothing")
    assert messages == [
        "[@card-component WARNING] Component with id missing doesn't exist. No updates will be made at anytime during runtime."
    ]
    card.append(Markdown("now there"), id="missing")
    assert components["missing"].render()["source"] == "\nnow there"
    del components["new"]
    with pytest.raises(
        KeyError, match="with id `new` not found. Available components for the cards include : bar, markdown_"
    ):
        del components["new"]
    assert str(components).startswith("Card components present in the card: `bar`, `markdown_")
    card.append("no component")
    assert (
        messages[1]
        == "[@card WARNING] Component (no component) is not a valid MetaflowCardComponent. It will not be stored."
    )
    card.clear()
    assert len(components) == 0


def test_refresh_is_dropped_when_it_comes_too_early() -> None:
    published: list[bool] = []
    cards = [{"type": "default", "refresh_interval": 1000}, {"type": "default", "id": "b", "refresh_interval": 0}]
    card = CardComponentCollector(cards, print, lambda manager, is_whole: published.append(is_whole))
    card.append(Markdown("x"))
    card.refresh()
    card.refresh({"a": 1}, force=True)
    assert published == [True]
    for _ in range(2):
        card["b"].refresh({"a": {1}})
    card["b"].append(Markdown("y"))
    card["b"].refresh({"a": 1}, force=False)
    assert published[1:] == [True, False, True]
    assert card["b"].data("refresh")["user"] == {"a": 1} and card["b"].data("refresh")["render_seq"] == 2


def test_data_that_json_refuses_is_left_out() -> None:
    card, messages = collector({})
    card.refresh({"a": {1}})
    assert card._managers[0].data("refresh")["user"] == {}
    assert messages == ["[@card WARNING] Data provided to `refresh` is not JSON serializable. It will be ignored."]


def test_a_component_s_error_is_shown_and_a_timeout_of_the_step_s_is_not_swallowed() -> None:
    class Bad(Markdown):
        def render(self) -> Any:
            raise error

    card, _ = collector({})
    card.append(Bad("x"))
    error: Exception = RuntimeError("no")
    assert "Render failed of component named `Bad`" in card._managers[0].rendered()[0]["data"]
    error = TimeoutException("late")
    with pytest.raises(TimeoutException):
        card._managers[0].rendered()


@pytest.mark.parametrize("editable_first", [True, False])
def test_an_id_that_an_editable_card_shares_is_the_editable_card_s(editable_first: bool) -> None:
    cards = [{"type": "blank", "id": "same"}, {"type": "default_json", "id": "same"}]
    of_step, messages = collector(*(cards if editable_first else cards[::-1]))
    of_step["same"].append(Markdown("x"))
    assert of_step["same"]._spec.type == "blank" and len(of_step.components or ()) == 1 and messages == []

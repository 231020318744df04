# mypy: ignore-errors
"""A flow that uses cards as Metaflow's own test flows do: live updates, default cards, ids, types that fail or are slow."""

import time

from idioms_help import ResumeHere, is_resumed, until_there
from metaflow import FlowSpec, card, current, environment, step


class NoComponent:
    def get(self):
        return 0


class Idioms(FlowSpec):
    @environment(vars={"METAFLOW_CARD_NO_WARNING": "True"})
    @card(type="test_component_refresh_card", id="live", save_errors=False, refresh_interval=0)
    @step
    def start(self):
        from metaflow.plugins.cards.card_client import Card
        from metaflow.plugins.cards.card_modules.test_cards import TestJSONComponent, _component_values_to_hash

        def token(one, two):
            return "runtime-" + _component_values_to_hash({"a": {"abc": one}, "b": {"abc": two}})

        one, two = ["p", "q"], ["r"]
        current.card.append(TestJSONComponent({"abc": one}), id="one")
        kept = TestJSONComponent({"abc": two})
        current.card.append(kept)
        current.card.refresh()
        tokens = [token(one, two)]
        shown = until_there("live")
        assert isinstance(shown, Card) and tokens[0] in shown.get()
        seen = None
        for number in range(60):
            one.append(str(number))
            two.append(str(-number))
            kept.update({"abc": two})
            current.card.components["one"].update({"abc": one})
            tokens.append(token(one, two))
            current.card.refresh()
            seen = shown.get_data()
            if seen is not None:
                assert seen["reload_token"] in tokens and set(seen["data"]["one"]["abc"]) <= set(one)
                if number > 2:
                    break
            time.sleep(1)
        assert seen is not None
        self.last = one
        self.next(self.passed_through)

    @environment(vars={"METAFLOW_CARD_NO_WARNING": "True"})
    @card(type="test_refresh_card", id="live", refresh_interval=0)
    @step
    def passed_through(self):
        items = ["x"]
        current.card.refresh({"items": items})
        shown = until_there("live")
        seen = None
        for number in range(60):
            items.append(str(number))
            current.card.refresh({"items": items})
            seen = shown.get_data()
            if seen is not None:
                assert {"data", "reload_token"} <= set(seen)
                assert {"mode", "component_update_ts", "components", "render_seq", "user"} <= set(seen["data"])
                assert set(seen["data"]["user"]["items"]) <= set(items)
                break
            time.sleep(1)
        assert seen is not None
        self.items = items
        self.next(self.chosen)

    @card(type="test_editable_card", customize=True)
    @card(type="test_editable_card", id="abc")
    @card(type="taskspec_card")
    @card(type="test_editable_card_2")
    @step
    def chosen(self):
        from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent

        self.number = 11
        current.card.append(TestStringComponent(str(self.number)))
        self.next(self.unnamed)

    @environment(vars={"METAFLOW_CARD_NO_WARNING": "True"})
    @card(type="test_editable_card", id="abc")
    @card(type="test_editable_card")
    @step
    def unnamed(self):
        from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent

        self.number = 12
        current.card.append(current.pathspec)
        current.card["nobody"].append(TestStringComponent("lost"))
        current.card.append(TestStringComponent(str(self.number)))
        self.over = ["a", "b"]
        self.next(self.inner, foreach="over")

    @card(type="test_editable_card", id="xyz")
    @card(type="test_pathspec_card")
    @card(type="test_pathspec_card")
    @step
    def inner(self):
        from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent

        self.number = 13
        self.task = current.pathspec
        current.card.append(current.pathspec)
        current.card.append(TestStringComponent(str(self.number)))
        current.card.append(NoComponent())
        self.none = current.card.get(type="nobody's")
        self.next(self.both_named)

    @environment(vars={"METAFLOW_CARD_NO_WARNING": "True"})
    @card(type="test_editable_card", id="xyz")
    @card(type="test_editable_card", id="abc")
    @step
    def both_named(self):
        from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent

        current.card["abc"].append(TestStringComponent("14"))
        current.card.append(TestStringComponent("lost"))
        self.next(self.join)

    @card(type="test_editable_card")
    @card(type="taskspec_card")
    @card(type="test_error_card")
    @card(type="test_timeout_card", timeout=1, options={"timeout": 5}, save_errors=False)
    @card(type="html")
    @step
    def join(self, inputs):
        from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent

        self.html = "<h1>x</h1>"
        current.card.append(TestStringComponent("15"))
        self.next(self.of_packages)

    @card(type="sub_one", save_errors=False)
    @card(type="sub_two", save_errors=False)
    @card(type="of_namespace", save_errors=False)
    @card(type="of_init", save_errors=False)
    @card(type="editable_of_package", save_errors=False)
    @card(type="broken_of_package", save_errors=False)
    @step
    def of_packages(self):
        from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent

        self.task = current.pathspec
        current.card.append(TestStringComponent("16"))
        self.next(self.end)

    @step
    def end(self):
        if not is_resumed():
            raise ResumeHere()


if __name__ == "__main__":
    Idioms()

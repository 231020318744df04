"""The types of cards that Metaflow's own tests use (`metaflow.plugins.cards.card_modules.test_cards`)."""

from __future__ import annotations

from .base import MetaflowCard, MetaflowCardComponent
from .rendering import render_safely

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REFRESHABLE_HTML_TEMPLATE = """
<html>
<script>
var METAFLOW_RELOAD_TOKEN = "[METAFLOW_RELOAD_TOKEN]"

window.metaflow_card_update = function(data) {
    document.querySelector("h1").innerHTML = JSON.stringify(data);
}
</script>
<h1>[PATHSPEC]</h1>
<h1>[REPLACE_CONTENT_HERE]</h1>
</html>
"""
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABRDE8UwAAAABJRU5ErkJggg=="


def __getattr__(name: str) -> Any:
    """Lets `metaflow_alias` give the names that begin with an underscore too."""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class TestStringComponent(MetaflowCardComponent):
    REALTIME_UPDATABLE = True

    def __init__(self, text: Any) -> None:
        self._text = text

    def render(self) -> Any:
        return str(self._text)

    def update(self, text: Any) -> None:
        self._text = text


class TestJSONComponent(MetaflowCardComponent):
    REALTIME_UPDATABLE = True

    def __init__(self, data: Any) -> None:
        self._data = data

    @render_safely
    def render(self) -> Any:
        return self._data

    def update(self, data: Any) -> None:
        self._data = data


class TestPathSpecCard(MetaflowCard):
    type = "test_pathspec_card"

    def render(self, task: Any) -> str:
        import random
        import string

        return f"{task.pathspec} {''.join(random.choice(string.ascii_uppercase + string.digits) for _ in range(6))}"


class TestEditableCard(MetaflowCard):
    type = "test_editable_card"
    separator = "$&#!!@*"
    ALLOW_USER_COMPONENTS = True

    def __init__(self, components: Any = (), **kwargs: Any) -> None:
        self._components = components

    def render(self, task: Any) -> str:
        return self.separator.join([str(component) for component in self._components])


class TestEditableCard2(TestEditableCard):
    type = "test_editable_card_2"


class TestNonEditableCard(TestEditableCard):
    type = "test_non_editable_card"
    ALLOW_USER_COMPONENTS = False


class TestMockCard(MetaflowCard):
    type = "test_mock_card"

    def __init__(self, options: Any = None, **kwargs: Any) -> None:
        self._key = "dummy_key" if options is None else options["key"]

    def render(self, task: Any) -> str:
        return f"{task[self._key].data}"


class TestErrorCard(MetaflowCard):
    type = "test_error_card"

    def render(self, task: Any) -> str:
        raise Exception("Unknown Things Happened")


class TestTimeoutCard(MetaflowCard):
    type = "test_timeout_card"

    def __init__(self, options: Any = None, **kwargs: Any) -> None:
        super().__init__()
        self._timeout = 50 if options is None else options.get("timeout", 10)

    def render(self, task: Any) -> str:
        import time

        time.sleep(self._timeout)
        return f"{task.pathspec}"


class TestRefreshCard(MetaflowCard):
    HTML_TEMPLATE = REFRESHABLE_HTML_TEMPLATE
    RUNTIME_UPDATABLE = True
    ALLOW_USER_COMPONENTS = True
    RELOAD_POLICY = MetaflowCard.RELOAD_POLICY_ALWAYS
    type = "test_refresh_card"

    def render(self, task: Any) -> str:
        return self._render_func(task, self.runtime_data)

    def _render_func(self, task: Any, data: Any) -> str:
        import json

        return self.HTML_TEMPLATE.replace("[REPLACE_CONTENT_HERE]", json.dumps(data["user"])).replace(
            "[PATHSPEC]", task.pathspec
        )

    def render_runtime(self, task: Any, data: Any) -> str:
        return self._render_func(task, data)

    def refresh(self, task: Any, data: Any) -> Any:
        return data


def _component_values_to_hash(components: Any) -> str:
    import hashlib

    text = ",".join(["".join(parts) for value in components.values() for parts in value])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class TestRefreshComponentCard(MetaflowCard):
    HTML_TEMPLATE = REFRESHABLE_HTML_TEMPLATE
    RUNTIME_UPDATABLE = True
    ALLOW_USER_COMPONENTS = True
    RELOAD_POLICY = MetaflowCard.RELOAD_POLICY_ONCHANGE
    type = "test_component_refresh_card"

    def __init__(self, components: Any = (), **kwargs: Any) -> None:
        self._components = components

    def render(self, task: Any) -> str:
        import json

        return self.HTML_TEMPLATE.replace("[REPLACE_CONTENT_HERE]", json.dumps(self._components)).replace(
            "[PATHSPEC]", task.pathspec
        )

    def render_runtime(self, task: Any, data: Any) -> str:
        return self.render(task)

    def refresh(self, task: Any, data: Any) -> Any:
        return data["components"]

    def reload_content_token(self, task: Any, data: Any) -> str:
        return "final" if task.finished else f"runtime-{_component_values_to_hash(data['components'])}"


class TestImageCard(MetaflowCard):
    type = "test_image_card"

    def render(self, task: Any) -> str:
        import base64

        from .images import data_uri

        return f"<html><img src='{data_uri(base64.b64decode(_PNG))}' /></html>"

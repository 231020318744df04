"""Types of cards that packages of `metaflow_extensions` beside the flow provide: packed, and there in a container."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.pipeline import load
from flowc.runtime_shim import client
from flowc.runtime_shim.cards.client import get_cards

from tests.support.container import Container

FLOW = """
from metaflow import FlowSpec, card, current, step


class F(FlowSpec):
    @card(type="templated")
    @card(type="of_init")
    @step
    def start(self):
        self.x = 5
        self.next(self.end)

    @step
    def end(self):
        pass
"""
TEMPLATED = """
from pathlib import Path

from metaflow.cards import MetaflowCard

from shared_words import WORDS


class Templated(MetaflowCard):
    type = "templated"

    def render(self, task):
        template = Path(__file__).with_name("page.html").read_text()
        return self._get_mustache().render(template, {"x": task.data.x, "words": WORDS})


CARDS = [Templated]
"""
OF_INIT = """
from metaflow.cards import MetaflowCard

from .beside import said


class OfInit(MetaflowCard):
    type = "of_init"

    def render(self, task):
        return said(task)


CARDS = [OfInit]
"""
CARDS = "metaflow_extensions/one/plugins/cards"
OTHER = "metaflow_extensions/two/plugins/cards"
FILES = {
    f"{CARDS}/templated/__init__.py": TEMPLATED,
    f"{CARDS}/templated/page.html": "<b>{{x}} {{words}}</b>",
    f"{CARDS}/broken/__init__.py": "def (",
    f"{CARDS}/.hidden/__init__.py": "",
    f"{CARDS}/templated/__pycache__/old.pyc": "",
    f"{OTHER}/__init__.py": OF_INIT,
    f"{OTHER}/beside.py": "def said(task):\n    return task.pathspec\n",
    "metaflow_extensions/one/plugins/datastores/big.py": "",
    "shared_words.py": "WORDS = 'shared'\n",
    "unrelated.py": "",
}
PACKED = [
    f"{CARDS}/broken/__init__.py", f"{CARDS}/templated/__init__.py", f"{CARDS}/templated/page.html",
    f"{OTHER}/__init__.py", f"{OTHER}/beside.py", "shared_words.py",
]  # fmt: skip


def written(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def packed(flow: Path, source: str = FLOW) -> list[str]:
    flow.parent.mkdir(exist_ok=True)
    flow.write_text(source)
    return sorted(name for name in load(str(flow)).files if name != flow.name)


def test_packages_of_cards_are_in_the_code_package(tmp_path: Path) -> None:
    assert packed(written(tmp_path) / "flow.py") == PACKED
    without = FLOW.replace('    @card(type="templated")\n    @card(type="of_init")\n', "")
    assert packed(tmp_path / "flow.py", without) == []


def test_packages_of_a_source_root_are_in_it_too(tmp_path: Path) -> None:
    (written(tmp_path) / ".git").mkdir()
    assert packed(tmp_path / "flows" / "flow.py") == PACKED


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = written(tmp_path / "repository")
    (folder / CARDS / "templated" / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert packed(folder / "flow.py") == PACKED


def test_a_container_makes_their_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Container(FLOW, written(tmp_path))
    for name in FILES:
        (tmp_path / name).unlink()
    flow.task("start")
    client.metadata(f"local@{tmp_path / 'store'}")
    client.namespace(None)
    assert [card.get() for card in get_cards("F/r/start/start")] == ["<b>5 shared</b>", "F/r/start/start"]

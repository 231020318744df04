"""Cards of real runs: their stored form. None of them fails its task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim import client
from flowc.runtime_shim.cards import Markdown, stored
from flowc.runtime_shim.cards.client import Card, get_cards
from flowc.runtime_shim.cards.exceptions import (
    CardNotPresentException,
    IncorrectArgumentException,
    IncorrectPathspecException,
)
from flowc.runtime_shim.cards.of_task import CardsOfTask
from flowc.runtime_shim.client.datastore import open_datastore
from flowc.runtime_shim.contract.code_package import expand, graph_in
from flowc.runtime_shim.contract.errors import StoreError
from flowc.runtime_shim.store.folder import FolderStore

from tests.support.container import Container
from tests.support.running import flowc, run
from tests.support.s3_server import BUCKET, S3Server

FLOW = """
import os
import time

from metaflow import FlowSpec, Parameter, card, catch, current, retry, step
from metaflow.cards import Markdown, MetaflowCard, ProgressBar, Table
from metaflow.plugins.cards.card_modules.test_cards import TestStringComponent


class Own(MetaflowCard):
    type = "own"
    ALLOW_USER_COMPONENTS = True

    def __init__(self, options={"a": 1}, components=[], graph=None, flow=None, graph_info=None):
        self.made = (options, components, sorted(graph), graph_info["start_step"], flow.name)

    def render(self, task):
        print("printed by a card")
        return f"<b>{task.pathspec} {task.data.x} {self.made} {self.runtime_data['render_seq']}"


class Exits(MetaflowCard):
    type = "exits"

    def render(self, task):
        os._exit(3)


class Forks(MetaflowCard):
    type = "forks"

    def render(self, task):
        if not os.fork():
            time.sleep(600)
        return "parent"


class Number(MetaflowCard):
    type = "number"

    def render(self, task):
        return 5


class Picky(MetaflowCard):
    type = "picky"

    def __init__(self):
        pass


class F(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    K = 3

    @card(id="d")
    @card(type="blank", id="b", options={"title": "Title"}, refresh_interval=0)
    @card(type="taskspec_card")
    @card(type="default_json")
    @card(type="own", options={"b": 2}, id="own")
    @card(type="test_component_refresh_card", id="r", refresh_interval=0)
    @card(type="test_mock_card", options={"key": "x"})
    @step
    def start(self):
        self.x = float("nan")
        self.text = "<script>"
        bar = ProgressBar(3, "work")
        current.card["b"].append(bar, id="bar")
        current.card["d"].append(Markdown("# head"))
        current.card["d"].append(Table([[float("inf")]]))
        current.card["own"].append(TestStringComponent("c"))
        current.card["r"].append(TestStringComponent("0"), id="c")
        for done in range(1, 4):
            bar.update(done)
            current.card["b"].refresh()
            current.card["r"].components["c"].update(str(done))
            current.card["r"].refresh({"done": done})
        deadline = time.monotonic() + 60
        folder = os.environ["CARDS_LOOK"]
        while not any(name.endswith(".live.html") for name in os.listdir(folder)) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.next(self.bad)

    @card(type="no_such")
    @card(type="no_such_2", save_errors=False)
    @card(type="test_error_card")
    @card(type="test_timeout_card", timeout=0.2)
    @card(type="exits")
    @card(type="forks")
    @card(type="number")
    @card(type="picky", options={"a": 1})
    @card
    @step
    def bad(self):
        self.left = 5
        current.card.append("no component")
        self.next(self.fails)

    @card(type="blank")
    @card(type="test_editable_card", id="e")
    @card(type="taskspec_card")
    @retry(times=1)
    @step
    def fails(self):
        current.card.append(Markdown(f"attempt {current.retry_count}"))
        if current.retry_count == 0:
            raise ValueError("not <yet>")
        self.next(self.caught)

    @card(type="blank")
    @catch(var="failure")
    @step
    def caught(self):
        current.card.append(Markdown("before"))
        raise ValueError("caught")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    (folder / "flow.py").write_text(FLOW)
    look = folder / "store" / "F" / "runs" / "r" / "start"
    done = run(folder / "flow.py", folder / "store", env={"CARDS_LOOK": str(look)})
    (folder / "said").write_text(done.stdout + done.stderr)
    return folder


def tasks(ran: Path) -> Any:
    client.metadata(f"local@{ran / 'store'}")
    client.namespace(None)
    return client.Run("F/r")


def card_of(ran: Path, step: str, **asked: Any) -> Card:
    (card,) = get_cards(tasks(ran)[step].task, **asked)
    return card


def test_cards_of_a_task_in_order(ran: Path) -> None:
    cards = get_cards(tasks(ran)["start"].task)
    kinds = [
        "default",
        "blank",
        "taskspec_card",
        "default_json",
        "own",
        "test_component_refresh_card",
        "test_mock_card",
    ]
    assert [card.type for card in cards] == kinds and len(cards) == 7 and cards[-1].type == "test_mock_card"
    assert [card.id for card in cards] == ["d", "b", None, None, "own", "r", None]
    assert [card.hash for card in cards] == [
        stored.card_hash(stored.Address("F", "r", "start", "-", 0), number) for number in range(7)
    ]
    assert str(cards[0]) == f"<Card at '{cards[0].path}'>" and Path(cards[0].path).is_file() and not cards.from_resumed
    assert (
        len(get_cards("F/r/start/start", type="blank")) == 1 and len(get_cards("F/r/start/start", id="nobody's")) == 0
    )
    assert cards._repr_html_().count("<iframe") >= 7 and "<script>" not in cards._repr_html_()


def test_wrong_arguments(ran: Path) -> None:
    with pytest.raises(CardNotPresentException, match="Card not found for pathspec F/r/end/end"):
        get_cards(tasks(ran)["end"].task)
    with pytest.raises(IncorrectPathspecException, match="Pathspec F/r is invalid"):
        get_cards("F/r")
    with pytest.raises(IncorrectArgumentException, match="cannot be of type <class 'int'>"):
        get_cards(5)


def test_a_pathspec_leaves_the_client_s_namespace_as_it_is(ran: Path) -> None:
    tasks(ran)
    client.namespace("user:somebody_else")
    assert len(get_cards("F/r/start/start")) == 7 and client.get_namespace() == "user:somebody_else"


def test_the_default_card(ran: Path) -> None:
    html = card_of(ran, "start", type="default").get()
    for part in (
        "F/r/start/start",
        '<h3 aria-level="2">head</h3>',
        "Flow Parameters",
        "alpha",
        "&lt;script&gt;",
        "def start(self)",
        'aria-current="step"',
    ):
        assert part in html
    page = json.loads(card_of(ran, "start", type="default_json").get())
    sections = {section["title"]: section["contents"] for section in page["components"][1]["contents"]}
    assert list(sections) == ["Task Metadata", "Task Code", "Flow Parameters", "Artifacts", "DAG"]
    assert [entry["name"] for entry in sections["Flow Parameters"][0]["data"]] == ["alpha", "K"]
    assert {entry["name"]: entry["data"] for entry in sections["Artifacts"][0]["data"]} == {
        "text": "'<script>'",
        "x": "nan",
    }
    assert page["metadata"]["pathspec"] == "F/r/start/start" and sections["DAG"][0]["data"]["steps"]["start"][
        "next"
    ] == ["bad"]


def test_cards_of_custom_types(ran: Path) -> None:
    own = card_of(ran, "start", type="own")
    arguments = "({'b': 2}, ['c'], ['bad', 'caught', 'end', 'fails', 'start'], 'start', 'F')"
    assert own.get() == f"<b>F/r/start/start nan {arguments} final" and own.is_html and own.get_data() is None
    assert 'sandbox="allow-scripts"' in own.page()
    assert card_of(ran, "start", type="taskspec_card").get() == "F/r/start/start"
    assert card_of(ran, "start", type="test_mock_card").get() == "nan"
    assert (
        "printed by a card" not in (tasks(ran)["start"].task.stdout)
        and "printed by a card" in tasks(ran)["start"].task.stderr
    )
    refreshed = card_of(ran, "start", id="r")
    assert '"final"' in refreshed.get() and '["3"]' in refreshed.get()
    data = refreshed.get_data()
    assert data is not None and data["reload_token"] == "final" and data["data"] == {"c": "3"}


def test_refreshing(ran: Path) -> None:
    blank = card_of(ran, "start", id="b")
    data = blank.get_data()
    assert data is not None and data["reload_token"] == "final" and data["data"]["bar"]["value"] == 3
    assert ">Title</h1>" in blank.get()
    folder = ran / "store" / "F" / "runs" / "r" / "start"
    (live,) = folder.glob("*blank-b-*.live.json")
    seen = stored.loads(live.read_bytes(), "live")
    assert seen["state"] == "running" and seen["components"][0]["contents"][0]["value"] == 3
    (live,) = folder.glob("*test_component_refresh_card-r-*.live.html")
    assert 'METAFLOW_RELOAD_TOKEN = "runtime-' in live.read_text()


def test_no_card_fails_its_task(ran: Path) -> None:
    printed = (ran / "said").read_text()
    assert "succeeded, 5 tasks" in printed
    errors = {card.type: card.get() for card in get_cards(tasks(ran)["bad"].task)}
    messages = {
        "no_such": "MetaflowCard named no_such not found",
        "test_error_card": "Exception: Unknown Things Happened",
        "test_timeout_card": "the card was not rendered within 0.2 seconds",
        "exits": "has ended with exit code 3",
        "number": "has rendered to int",
        "picky": "Card of type picky cannot support arguments",
    }
    for kind, text in messages.items():
        assert "Card Render Failed With Error" in errors[kind] and text in errors[kind].replace("&#x27;", "'"), kind
    assert errors["forks"] == "parent" and "no_such_2" not in errors
    assert "@card(type='no_such_2') has no card" in printed
    assert "[@card WARNING] Component (no component) is not a valid MetaflowCardComponent." in printed


def test_a_failed_attempt_keeps_its_cards(ran: Path) -> None:
    cards = get_cards(tasks(ran)["fails"].task)
    assert [(card.attempt, card.type) for card in cards] == [
        (1, "blank"), (1, "test_editable_card"), (1, "taskspec_card"), (0, "blank"), (0, "test_editable_card"),
    ]  # fmt: skip
    assert (
        "attempt 1" not in cards[3].get() and "attempt 0" in cards[3].get() and "This attempt failed" in cards[3].get()
    )
    assert "ValueError: not &lt;yet&gt;" in cards[3].get()
    assert "before" in card_of(ran, "caught").get() and "This attempt failed" not in card_of(ran, "caught").get()


ONE = """
import sys

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, MetaflowCard


class Deaf(MetaflowCard):
    type = "deaf"

    def render(self, task):
        import time

        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass


class Leaves:
    def __repr__(self):
        sys.exit(7)


class F(FlowSpec):
    @card(id="a")
    @card(id="b", type="deaf", timeout=0.1)
    @step
    def start(self):
        self.leaves = Leaves()
        current.card.append(Markdown("x" * 500))
        current.card.append(Markdown("small"))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_cards_that_end_the_process_or_do_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flow.py").write_text(ONE)
    run(tmp_path / "flow.py", tmp_path / "store", env={"FLOWC_CARD_LIMIT": "1500"})
    client.metadata(f"local@{tmp_path / 'store'}")
    client.namespace(None)
    errors = [card.get() for card in get_cards("F/r/start/start")]
    assert "SystemExit: 7" in errors[0] and "its process did not end by itself" in errors[1]


def test_a_large_card_loses_its_largest_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_CARD_LIMIT", "500")
    components = [{"type": "markdown", "source": "x" * 5000}, {"type": "markdown", "source": "small"}]
    page = stored.loads(stored.dumps({"components": components}), "card")
    assert (
        page["components"][1] == components[1]
        and "of type markdown is left out: it takes 50" in page["components"][0]["data"]
    )


def test_numbers_that_json_does_not_have() -> None:
    data: dict[Any, Any] = {"a": [float("nan"), float("inf"), 1.5], 5: None, None: (1,), True: {"b": -float("inf")}}
    assert stored.loads(stored.dumps(data), "x") == {
        "version": 1,
        "a": [None, None, 1.5],
        "5": None,
        "null": [1],
        "true": {"b": None},
    }


def test_names_can_be_read_back(tmp_path: Path) -> None:
    store = FolderStore(str(tmp_path), False)
    names = [("a-b/c ü", None), ("blank", "id_1"), ("-", "x"), ("blank", None)]
    for path in ("-", "3.0~2"):
        task = stored.Address("F", "r", "s", path, 2)
        for number, (kind, id) in enumerate(names):
            store.put(stored.name_of(task, kind, id, stored.card_hash(task, number)) + ".json", b"{}")
    cards_of = stored.cards_of_step(store, "F", "r", "s")
    assert {path: [(card.type, card.id, card.attempt) for card in cards] for path, cards in cards_of.items()} == {
        path: [(kind, id, 2) for kind, id in names] for path in ("-", "3.0~2")
    }


RESUMED = """
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="blank")
    @step
    def start(self):
        current.card.append(Markdown("first run"))
        self.next(self.end)

    @step
    def end(self):
        if not current.origin_run_id:
            raise ValueError("x")
"""


def test_cards_of_what_was_taken_over(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(RESUMED)
    store = ["--store", str(tmp_path / "store")]
    run(tmp_path / "flow.py", tmp_path / "store", check=False)
    flowc("resume", str(tmp_path / "flow.py"), "--run-id", "again", *store, check=True)
    client.metadata(f"local@{tmp_path / 'store'}")
    client.namespace(None)
    cards = get_cards("F/again/start/start")
    assert "first run" in cards[0].get() and cards.from_resumed and cards.origin_pathspec == "F/r/start/start"
    with pytest.raises(CardNotPresentException):
        get_cards("F/again/start/start", follow_resumed=False)
    assert "first run" in flowc("card", "get", "again/start", *store, check=True).stdout
    assert flowc("card", "list", "again", "--no-follow-resumed", *store).returncode == 1
    assert (
        json.loads(flowc("card", "list", "again/start/-", "--as-json", *store, check=True).stdout)["pathspec"]
        == "F/r/start/start"
    )
    assert list((tmp_path / "store").rglob("*.card.*"))
    flowc("gc", "--keep", "0", "--grace", "0", "--delete", *store, check=True)
    assert not list((tmp_path / "store").rglob("*.card.*"))


LIVE = """
import os
import signal
import time

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, ProgressBar


class F(FlowSpec):
    @card(type="blank", refresh_interval=0)
    @card(type="test_refresh_card", id="r", refresh_interval=0)
    @card(type="test_editable_card", id="e")
    @step
    def start(self):
        bar = ProgressBar(100, "work")
        current.card.append(bar, id="bar")
        current.card["e"].append(Markdown("x"))
        for done in range(100):
            bar.update(done + 1)
            current.card.refresh()
            current.card["r"].refresh({"done": done})
        self.items = [1, 2]
        if os.environ.get("DIES"):
            time.sleep(1)
            os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def read_from(url: str) -> Any:
    client.metadata(url if "://" in url else f"local@{url}")
    client.namespace(None)
    return get_cards("F/r/start/start")


def test_cards_in_an_object_store(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{BUCKET}/{tmp_path.name}"
    flow = Container(LIVE, tmp_path, url, s3.environment)
    package = next((tmp_path / "store").rglob("*.tar.gz"))
    s3.client().upload_file(str(package), BUCKET, f"{tmp_path.name}/{package.relative_to(tmp_path / 'store')}")
    flow.task("start")
    blank, refreshed, edited = read_from(url)
    data = blank.get_data()
    assert (
        data is not None
        and data["data"]["bar"]["value"] == 100
        and 'max="100"' in blank.get()
        and blank.path.startswith(url)
    )
    assert '{"done": 99}' in refreshed.get() and "markdown" in edited.get()
    names = [name for name in open_datastore(url).store.list("F/runs/r/start/") if ".live." in name]
    assert any(name.endswith(".live.json") for name in names)


def test_a_task_that_is_killed_leaves_what_it_showed_last(tmp_path: Path) -> None:
    flow = Container(LIVE, tmp_path)
    flow.task("start", code=-9, DIES="1")
    blank, *_ = read_from(str(tmp_path / "store"))
    data = blank.get_data()
    assert data is not None and data["reload_token"].startswith("runtime-") and data["data"]["bar"]["value"] == 100
    assert 'value="100"' in blank.get()
    flow.task("start", attempt=1)
    assert [(card.attempt, card.type) for card in read_from(str(tmp_path / "store"))][:4] == [
        (1, "blank"), (1, "test_refresh_card"), (1, "test_editable_card"), (0, "blank"),
    ]  # fmt: skip


def graph_of(source: str, folder: Path) -> Any:
    flow = Container(source, folder)
    (package,) = (folder / "store").rglob("*.tar.gz")
    return graph_in(expand(package.read_bytes(), flow.code), "F", flow.code)


def test_a_datastore_that_takes_no_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Full(FolderStore):
        def put(self, name: str, data: bytes) -> None:
            raise StoreError("no space left on device")

    class Attempt:
        store: Any = Full(str(tmp_path), False)
        run, step, path, attempt = "r", "start", "-", 0
        graph = graph_of(LIVE, tmp_path)

    cards = CardsOfTask(Attempt(), [{"type": "blank", "refresh_interval": 0}])
    cards.collector.append(Markdown("x"))
    cards.collector.refresh()
    cards.store_drawn({})
    cards.store_failed("x")
    assert capsys.readouterr().err.count("@card(type='blank') has no card: StoreError: no space left on device") == 3


EXTENSIONS = {
    "metaflow_extensions/one/plugins/cards/html/__init__.py": "from metaflow.cards import MetaflowCard\n"
    "class H(MetaflowCard):\n    type = 'html'\n    def __init__(self, options={'artifact': 'html'}, **kwargs):\n        self.name = options['artifact']\n"
    "    def render(self, task):\n        return self._get_mustache().render('<p>{{{x}}}</p>', {'x': task[self.name].data})\n"
    "class None_(MetaflowCard):\n    pass\nCARDS = [H, None_, 5]\n",
    "metaflow_extensions/one/plugins/cards/broken/__init__.py": "raise RuntimeError('no')\n",
    "metaflow_extensions/one/plugins/cards/mfextinit_two.py": "from metaflow.plugins.cards.card_modules.basic import BlankCard\n"
    "class B(BlankCard):\n    type = 'blank'\n    def render(self, task):\n        return 'replaced ' + str(len(super().render(task)) > 2000)\nCARDS = [B]\n",
    "metaflow_extensions/three/plugins/cards/__init__.py": "from metaflow.plugins.cards.card_modules.card import MetaflowCard\n"
    "class T(MetaflowCard):\n    type = 'three'\n    def render(self, task):\n        return 'three'\nCARDS = [T]\n",
    "flow.py": """
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="html")
    @card(type="blank", id="b")
    @card(type="three")
    @card(type="lost")
    @step
    def start(self):
        self.html = "<i>x</i>"
        current.card["b"].append(Markdown("x"))
        self.next(self.end)

    @step
    def end(self):
        pass
""",
}


def test_types_of_packages(tmp_path: Path) -> None:
    for name, text in EXTENSIONS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "metaflow_extensions/three/plugins/__init__.py").write_text("")
    run(tmp_path / "flow.py", tmp_path / "store", env={"PYTHONPATH": str(tmp_path)})
    client.metadata(f"local@{tmp_path / 'store'}")
    client.namespace(None)
    *pages, lost = [card.get() for card in get_cards("F/r/start/start")]
    assert pages == ["<p><i>x</i></p>", "replaced True", "three"]
    assert "The module metaflow_extensions.one.plugins.cards.broken cannot be imported: RuntimeError: no" in lost

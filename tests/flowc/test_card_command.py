"""`flowc card`: choosing a card, and showing it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.running import Done, flowc, run

FLOW = """
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="blank", id="one")
    @card(type="blank", id="two")
    @card(type="test_editable_card")
    @step
    def start(self):
        current.card["one"].append(Markdown("first"))
        current.card["two"].append(Markdown("second"))
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @card
    @step
    def body(self):
        self.value = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    created = tmp_path_factory.mktemp("command")
    (created / "flow.py").write_text(FLOW)
    for name in ("old", "new"):
        run(created / "flow.py", created / ".flowc", run_id=name)
    return created


def card(folder: Path, *words: str, check: bool = True) -> Done:
    return flowc("card", *words, cwd=folder, check=check)


def test_get(folder: Path, tmp_path: Path) -> None:
    printed = card(folder, "get", "old/start", "--id", "one").stdout
    assert "first" in printed and "second" not in printed and printed.startswith("<!DOCTYPE html>")
    for words in (["-o", str(tmp_path / "a")], [str(tmp_path / "b")]):
        card(folder, "get", "F/old/start", "--id", "two", *words)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() and b"second" in (tmp_path / "a").read_bytes()
    assert card(folder, "get", "old/start", "--type", "test_editable_card").stdout == "\n"


def test_view(folder: Path, tmp_path: Path) -> None:
    card(folder, "view", "old/start", "--type", "test_editable_card", "-o", str(tmp_path / "page.html"))
    assert 'sandbox="allow-scripts"' in (tmp_path / "page.html").read_text()
    done = flowc("card", "view", "old/body/1", cwd=folder, env={"BROWSER": "echo opened %s"}, check=True)
    assert "default-" in done.stdout


RETRIED = """
from metaflow import FlowSpec, card, current, retry, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="blank", id="one")
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        current.card.append(Markdown(f"of attempt {current.retry_count}"))
        if current.retry_count == 0:
            raise ValueError("once")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_the_card_of_a_failed_attempt_does_not_stand_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(RETRIED)
    run(tmp_path / "flow.py", tmp_path / ".flowc", run_id="r")
    assert "of attempt 1" in card(tmp_path, "get", "r/start").stdout
    listed = json.loads(card(tmp_path, "list", "r/start/-", "--as-json").stdout)["cards"]
    assert len(listed) == 2
    assert "of attempt 0" in card(tmp_path, "get", "r/start", "--hash", listed[1]["hash"]).stdout


def test_several_are_listed(folder: Path) -> None:
    done = card(folder, "get", "old/start")
    assert done.stdout == "" and "3 cards match" in done.stderr and "test_editable_card" in done.stderr
    assert card(folder, "view", "old/body").stderr.count("old/body/body-") == 2
    hash = json.loads(card(folder, "list", "old/start/-", "--as-json").stdout)["cards"][0]["hash"]
    assert "first" in card(folder, "get", "old/start", "--hash", hash[:5], "--id", "two").stdout


def test_list(folder: Path, tmp_path: Path) -> None:
    assert [line.split()[0] for line in card(folder, "list", "old").stdout.splitlines()[1:]] == [
        *["old/start/start"] * 3, "old/body/body-0", "old/body/body-1",
    ]  # fmt: skip
    assert card(folder, "list").stdout.count("new/") == 5
    tasks = json.loads(card(folder, "list", "--as-json", "--type", "default").stdout)
    assert [task["pathspec"] for task in tasks] == ["F/new/body/body-0", "F/new/body/body-1"]
    assert set(tasks[0]["cards"][0]) == {"id", "hash", "type", "filename", "attempt"}
    card(folder, "list", "old/start", "--id", "one", "--file", str(tmp_path / "cards.json"))
    assert len(json.loads((tmp_path / "cards.json").read_text())["cards"]) == 1


def test_of_the_flow_s_file(folder: Path) -> None:
    """As with Metaflow's command, a step alone is one of the latest run."""

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        start = "import sys; from flowc.cli import main_for_file; sys.exit(main_for_file('flow.py', 'F', sys.argv[1:]))"
        return subprocess.run([sys.executable, "-c", start, "card", *words], cwd=folder, capture_output=True, text=True)

    assert "first" in command("get", "start", "--id", "one").stdout and command("list").stdout.count("new/") == 5
    assert "old/start" in command("list", "old/start").stdout and command("get", "nowhere").returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ([], 2, "the word after `card` is missing"),
        (["serve"], 2, "unknown word `serve` after `card`"),
        (["view"], 2, "the task is missing"),
        (["view", "a", "b"], 2, "unexpected argument `b`"),
        (["get", "old/end"], 1, "Card not found in datastore: F/old/end has no card"),
        (["get", "old/start", "--id", "three"], 1, "has no card with id 'three'"),
        (["get", "other/start"], 1, "there is no run 'other'"),
        (["view", "old/strat"], 1, "F/old has no step strat; did you mean start?"),
        (["list", "old/body/7"], 1, "F/old/body has no task 7"),
        (["server", "old", "--namespace", "user:nobody"], 1, "run old is not in the namespace user:nobody"),
        (["server", "old", "--poll-interval", "often"], 2, "`--poll-interval` must be a whole number"),
    ],
)
def test_what_is_not_there(words: list[str], code: int, text: str, folder: Path) -> None:
    done = card(folder, *words, check=False)
    assert done.returncode == code and text in done.stderr


def test_create_makes_one_more_card_of_a_task_that_has_succeeded(folder: Path) -> None:
    made = card(folder, "create", "new/body/1", "--id", "later", "--options", '{"only_repr": false}').stdout
    assert made.startswith("F/new/body/1: card ")
    (listed,) = [line for line in card(folder, "list", "new/body/1").stdout.splitlines() if "later" in line]
    assert listed.split()[-1] == made.split()[-1]
    page = card(folder, "get", "new/body/1", "--id", "later").stdout
    assert "self.value = self.input" in page  # the step's source, from the run's code
    card(folder, "create", "new/body/0", "--type", "test_pathspec_card", "--id", "custom")
    assert card(folder, "get", "new/body/0", "--id", "custom").stdout.strip().endswith("F/new/body/body-0") or (
        "new/body" in card(folder, "get", "new/body/0", "--id", "custom").stdout
    )


def test_create_says_what_it_cannot_do(folder: Path) -> None:
    for words, said in (
        (("new/body",), "has 2 tasks: name one"),
        (("new",), "the step is missing"),
        (("new/start", "--options", "{"), "is not JSON"),
        (("new/start", "--options", "[]"), "must be a JSON object"),
        (("new/nothing/-",), "has not succeeded"),
        (("new/start", "--type", "no_such"), "MetaflowCard named no_such not found"),
        (("new/start", "--component-file", "nothing.json"), "cannot read nothing.json"),
        (("new/start", "--component-file", "flow.py"), "flow.py is not JSON"),
        (("new/start", "--mode", "draw"), "--mode"),
    ):
        done = card(folder, "create", *words, check=False)
        assert done.returncode in (1, 2) and said in done.stderr and "Traceback" not in done.stderr, done.stderr
    done = card(folder, "create", "new/start", "--type", "test_error_card", check=False)
    assert done.returncode == 1 and "Unknown Things Happened" in done.stderr
    listed = card(folder, "list", "new/start").stdout
    assert "no_such" not in listed and "test_error_card" not in listed
    for kind in ("no_such", "test_error_card"):
        card(folder, "create", "new/start", "--type", kind, "--render-error-card")
        assert "Card Render Failed" in card(folder, "get", "new/start", "--type", kind).stdout


def test_create_puts_components_of_a_file_on_the_card(folder: Path) -> None:
    components = [{"type": "markdown", "source": "# from a file", "id": "m"}, "text"]
    (folder / "components.json").write_text(json.dumps(components))
    words = ("old/start", "--type", "blank", "--id", "made", "--component-file", "components.json")
    card(folder, "create", *words)
    assert "from a file" in card(folder, "get", "old/start", "--id", "made").stdout
    words = ("old/body/0", "--type", "test_editable_card", "--id", "made", "--component-file", "components.json")
    card(folder, "create", *words)
    assert "from a file" in card(folder, "get", "old/body/0", "--id", "made").stdout


def test_create_makes_what_a_running_task_shows(folder: Path) -> None:
    def made(kind: str, mode: str) -> str:
        words = ("new/body/0", "--type", kind, "--id", mode, "--mode", mode)
        return card(folder, "create", *words, check=False).stderr

    assert not made("test_component_refresh_card", "render_runtime")
    page = card(folder, "get", "new/body/0", "--type", "test_component_refresh_card").stdout
    assert 'METAFLOW_RELOAD_TOKEN = "final"' in page and "F/new/body/body-0" in page  # the task has ended
    assert not made("test_component_refresh_card", "refresh") and not made("blank", "refresh")
    stored = [path.name for path in (folder / ".flowc" / "F" / "runs" / "new" / "body").glob("0.0.card.*")]
    assert sorted(name.split(".", 3)[-1].split("-")[0] + name[-10:] for name in stored if "live" in name or "data" in name) == [
        "blank.live.json", "test_component_refresh_card.data.json", "test_component_refresh_card.live.html",
    ]  # fmt: skip
    assert "its class has no `refresh`" in made("test_pathspec_card", "refresh")


def test_server_serves_the_latest_run(folder: Path) -> None:
    """The latest cards are shown, as many as were asked for."""
    process = subprocess.Popen(
        [sys.executable, "flow.py", "card", "server", "--poll-interval", "2", "--max-cards", "1"],
        cwd=folder, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("F/new: http://127.0.0.1:") and "/run/F/new#token=" in line and "#/cards" in line
        server, _, token = line.split()[1].removesuffix("#/cards").partition("/run/F/new#token=")
        request = urllib.request.Request(f"{server}/api/run/F/new", headers={"Authorization": f"Bearer {token}"})
        data = json.loads(urllib.request.urlopen(request).read())
        assert sum(map(len, data["cards"].values())) == 1 and "`--max-cards`" in data["left_out"][0]
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()

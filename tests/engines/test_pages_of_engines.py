"""Pages of runs that engines have made: the cards of their tasks, and `flowc report` from the store, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import flowc

from . import browser
from .conftest import FIXTURES
from .deploying import STORE

CARDED = """from metaflow import FlowSpec, card, current, retry, step
from metaflow.cards import Markdown, MetaflowCard, ProgressBar


class Own(MetaflowCard):
    type = "own"

    def render(self, task):
        return f"<p id='p'>not run</p><script>p.textContent = 'ran for {task.data.number}'</script>"


class Carded(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach='items')

    @card(type="blank", id="live", refresh_interval=0)
    @card(type="own")
    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        self.number = self.input * 100
        bar = ProgressBar(3, "worked")
        current.card["live"].append(bar)
        current.card["live"].append(Markdown(f"# item {self.input}, attempt {current.retry_count}"))
        for done in range(3):
            bar.update(done + 1)
            current.card["live"].refresh()
        print("printed by item", self.input)
        if self.input == 2 and current.retry_count == 0:
            raise ValueError("once <b>")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @card
    @step
    def end(self):
        self.done = True
"""
ENGINES = [
    pytest.param("step-functions", "inject", marks=pytest.mark.engine),
    pytest.param("airflow", "process", marks=[pytest.mark.engine, pytest.mark.nightly]),
    pytest.param("argo", "inject", marks=[pytest.mark.node, pytest.mark.nightly]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "delivery"), ENGINES)
def test_the_page_of_a_run_on_an_engine(
    name: str, delivery: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine = request.getfixturevalue(FIXTURES[name])
    (tmp_path / "carded.py").write_text(CARDED)
    outcome, dump = engine.leaves(tmp_path / "carded.py", delivery, {})
    assert outcome.succeeded and len(dump["work"]) == 2, outcome.detail
    page = tmp_path / "page.html"
    store = ["--store", STORE]
    flowc("report", outcome.run, *store, "-o", str(page), env=engine.s3.environment, check=True)
    seen = browser.run(Path(__file__).with_name("run_pages.py"), "of_engine", str(page), "#/task/work/1")
    assert seen["errors"] == [] and seen["requests"] == [] and seen["dialogs"] == []
    assert "succeeded" in seen["state"] and seen["nodes"] == ["start", "work", "join", "end"]
    assert seen["tasks"] == "5 tasks" and [text[2:] for text in seen["attempts"]] == ["attempt 0", "attempt 1"]
    texts = "\n".join(seen["cards"])
    assert "item 2, attempt 1" in texts and "3/3" in texts.replace(" ", "") and "ran for 200" in texts
    assert seen["log"] and set(seen["origins"]) == {"null"}
    listed = flowc("card", "list", f"{outcome.run}/work", *store, env=engine.s3.environment, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()[1:]] == ["blank", "own", "blank", "own", "blank"]
    words = ["card", "get", f"{outcome.run}/end", *store]
    assert "Task Metadata" in flowc(*words, env=engine.s3.environment, check=True).stdout

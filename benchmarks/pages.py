"""Measures what cards add to a task, and the page of a run of 10,000 tasks: its size, how soon it is drawn and works.

Each row of the page has the most that it may be, on a machine that does nothing else.

The browser is that of the tests (`python -m tests.engines.browser` installs it); without one, its rows are left out.
"""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from . import page_logs
from .flows import wide
from .measure import row, side_by_side
from .null_s3 import null_s3

CARDS = 200  # tasks with a card
FAR = 0.1  # seconds that a request to a bucket takes
MANY = 100_000  # tasks of the largest page
TASKS = int(os.environ.get("FLOWC_BENCH_TASKS", "10000"))
CARD = """from metaflow import FlowSpec, card, current, step
from metaflow.cards import Artifact, Markdown, ProgressBar, Table


class Carded(FlowSpec):
    @step
    def start(self):
        self.items = list(range({tasks}))
        self.next(self.body, foreach="items")

    {decorator}
    @step
    def body(self):
        parts = []
        for number in range(5):
            parts += [Markdown(f"# part {{number}}"), Table([[number, "x"] for _ in range(20)], headers=["a", "b"])]
            parts += [ProgressBar(10, "work", number), Artifact({{"number": number}})]
        if {shown}:
            current.card.extend(parts)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def main() -> None:
    print(f"cards and pages: a card of 20 components, and the page of a run of {TASKS:,} tasks")
    with tempfile.TemporaryDirectory() as folder:
        _cards(folder)
        _script()
        _report(folder)
        _largest(folder)
        page_logs.main(folder)


def _cards(folder: str) -> None:
    commands = {}
    kinds = {"without": ("", False), "blank": ('@card(type="blank")', True), "default": ("@card", True)}
    for name, (decorator, shown) in kinds.items():
        for tasks in (1, CARDS + 1):
            flow = f"{name}{tasks}"
            Path(folder, f"{flow}.py").write_text(CARD.format(tasks=tasks, decorator=decorator, shown=shown))
            commands[flow] = [
                sys.executable, "-m", "flowc", "run", f"{flow}.py", "--quiet", "--store", f"store-{flow}",
            ]  # fmt: skip
    seconds = side_by_side(commands, rounds=3, cwd=folder)
    task = {name: (seconds[f"{name}{CARDS + 1}"] - seconds[f"{name}1"]) / CARDS for name in kinds}
    row("a task that makes 20 components", f"{1000 * task['without']:.1f} ms")
    for name in ("blank", "default"):
        added = task[name] - task["without"]
        row(f"the same with a card of type {name}", f"+ {1000 * added:.1f} ms", f"{task[name] / task['without']:.1f} ×")


def _script() -> None:
    from flowc.pages.built import built

    packed = {name: len(gzip.compress(built(name).encode(), 9)) for name in ("page.js", "page.css", "charts.js")}
    row("script and style of a page, gzip", f"{(packed['page.js'] + packed['page.css']) / 1000:.1f} KB", "≤ 90 KB")
    row(
        "script that draws charts, only where there are charts, gzip",
        f"{packed['charts.js'] / 1000:.0f} KB",
        "≤ 290 KB",
    )


def _report(folder: str) -> None:
    Path(folder, "wide.py").write_text(wide(TASKS))
    flowc = [sys.executable, "-m", "flowc"]
    subprocess.run([*flowc, "run", "wide.py", "--run-id", "r", "--quiet"], cwd=folder, check=True)
    seconds = side_by_side(
        {"bare": [sys.executable, "-c", "pass"], "report": [*flowc, "report", "r", "-o", "r.html"]}, 3, folder
    )
    row("flowc report", f"{seconds['report']:.1f} s", f"{seconds['report'] / seconds['bare']:.0f} × python -c pass")
    data = Path(folder, "r.html").read_bytes()
    row("its file", f"{len(data) / 1000:.0f} KB", f"≤ 400 KB; {len(gzip.compress(data, 9)) / 1000:.0f} KB gzip")
    packed = data.partition(b'id="data">')[2].partition(b"</script>")[0]
    row("the data in it", f"{len(packed) / 1000:.0f} KB", "≤ 100 KB")
    Path(folder, "blank.html").write_text("<!DOCTYPE html><title>blank</title><p>blank</p>")
    urls = {name: Path(folder, f"{name}.html").as_uri() for name in ("blank", "r")}
    times = _times([*urls.values()])
    if times:
        (blank, _, _), (painted, drawn, elements) = times[urls["blank"]], times[urls["r"]]
        row("first paint of the file", f"{painted:.0f} ms", f"≤ 500 ms; {painted / blank:.1f} × that of an empty page")
        row("all drawn", f"{drawn:.0f} ms", f"≤ 1,000 ms; {drawn / blank:.1f} × the first paint of an empty page")
        row("elements in the page", f"{elements:.0f}", "≤ 1,500")
        _use(urls["r"])
    _served(folder)
    _bucket(folder)


def _use(url: str) -> None:
    """Measures each gesture on the page until the page has drawn the result."""
    from tests.engines import browser

    used = browser.run(Path(__file__).with_name("page_use.py"), url)
    for name, what in (("filter", "filter"), ("sort", "sort"), ("open", "open a task"), ("zoom", "zoom the timeline")):
        row(f"{what}, until it is drawn", f"{used[name]:.0f} ms", "≤ 50 ms")
    row("a frame while the list is scrolled", f"{used['frame']:.0f} ms", "≤ 17 ms")
    row("longest time that the page was busy", f"{used['longest']:.0f} ms", "≤ 50 ms")
    row("memory of its script", f"{used['heap']:.0f} MB", "≤ 80 MB")


def _largest(folder: str) -> None:
    """A page of ten times as many tasks; only the page is made, not the run."""
    from flowc.runtime_shim.client.datastore import Datastore

    from flowc.pages import run_page
    from flowc.pages.run_data import Limits, collect

    data = collect(Datastore(str(Path(folder, ".flowc"))), "Wide", "r", Limits(logs="none"))
    data["tasks"] = {
        **data["tasks"], "step": [["body", MANY]], "path": [str(number) for number in range(MANY)], "state": "0" * MANY,
        "begin": [number * 37 for number in range(MANY)], "duration": [number * 7919 % 5000 for number in range(MANY)],
        "attempts": [[1, MANY]], "value": [],
    }  # fmt: skip
    file = Path(folder, "largest.html")
    file.write_text(run_page.html_of({**data, "failures": {}, "artifacts": {"kinds": [], "of": {}}}), encoding="utf-8")
    row(f"file of a run of {MANY:,} tasks", f"{file.stat().st_size / 1000:.0f} KB", "≤ 1,100 KB")
    times = _times([file.as_uri()])
    if times:
        row(f"{MANY:,} tasks: all drawn", f"{times[file.as_uri()][1]:.0f} ms", "≤ 2,000 ms")


def _bucket(folder: str) -> None:
    """The same run in a bucket whose server answers each request as late as a service elsewhere does."""
    import json

    with null_s3(FAR) as environment:
        os.environ.update(environment)
        from flowc.runtime_shim.client.datastore import Datastore

        from flowc.pages.server import Pages

        url, root = "s3://bucket/wide", Path(folder, ".flowc")
        place = Datastore(url)
        files = [path for path in root.rglob("*") if path.is_file()]
        place.each(files, lambda path: place.store.put(str(path.relative_to(root)), path.read_bytes()))
        began = time.perf_counter()
        names = list(place.store.list("Wide/runs/r/"))
        listed = time.perf_counter() - began
        pages = Pages(url)
        began = time.perf_counter()
        data = json.loads(pages.data("Wide", "r"))
        first = time.perf_counter() - began
        row(
            f"flowc ui, the run in a bucket {1000 * FAR:.0f} ms away: shown",
            f"{first:.1f} s",
            f"≤ 2 s; {first / listed:.1f} × listing its names one request after the other",
        )
        while data["unread"]:
            pages.wait("Wide", "r", data["seen"])
            data = json.loads(pages.data("Wide", "r"))
        whole = time.perf_counter() - began
        records = [name for name in names if name.endswith(".json")]
        began = time.perf_counter()
        place.each(records, lambda name: place.store.get(name))
        read = time.perf_counter() - began
        row(
            "flowc ui, the run in a bucket: with all times",
            f"{whole:.0f} s",
            f"{whole / read:.1f} × reading its records",
        )


def _served(folder: str) -> None:
    process = subprocess.Popen([sys.executable, "-m", "flowc", "ui"], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address, _, token = process.stdout.readline().rpartition(" ")[2].strip().partition("#token=")
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            asked = urllib.request.Request(
                f"{address}api/run/Wide/r", headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
            )
            size = len(urllib.request.urlopen(asked).read())
            seconds.append(time.perf_counter() - began)
        row("flowc ui: the run's data, first asked for", f"{seconds[0]:.2f} s", f"≤ 1.5 s; {size / 1000:.0f} KB")
        row(
            "flowc ui: the run's data, asked for again",
            f"{seconds[1]:.3f} s",
            f"≤ 0.3 s; {seconds[0] / seconds[1]:.0f} × faster",
        )
        if Path("/proc/self/stat").exists():
            row("flowc ui: of a core, while nobody asks", f"{page_logs.idle(process.pid):.1f} %", "≤ 1 %")
        url = f"{address}run/Wide/r#token={token}"
        times = _times([url])
        if times:
            row("flowc ui: the run drawn, its data in memory", f"{times[url][1]:.0f} ms")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _times(urls: list[str]) -> dict[str, list[float]]:
    """Returns url → [first paint, drawn, elements]; empty without a browser."""
    try:
        from tests.engines import browser

        result: dict[str, list[float]] = browser.run(Path(__file__).with_name("page_times.py"), "5", *urls)
        return result
    except (ImportError, OSError, subprocess.CalledProcessError):
        return {}


if __name__ == "__main__":
    main()

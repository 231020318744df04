"""Uses the page of a large run in a browser, and prints how long each thing takes. A process of `benchmarks.pages`.

    python page_use.py CHROMIUM URL

Prints, as JSON, milliseconds until the page is drawn again: `filter`, `sort`, `open` (a task), `zoom` (the
timeline); `frame`, the median time between frames while the list is scrolled; `longest`, the longest task that kept the
page busy after it was drawn; and `heap`, the MB that its script holds.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

from playwright.sync_api import sync_playwright

ROUNDS = 5
START = """() => {
  window.drawnAfter = async (work) => {
    const began = performance.now();
    work();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    return performance.now() - began;
  };
  window.longest = 0;
  const noted = (list) => { for (const { duration } of list.getEntries()) longest = Math.max(longest, duration); };
  new PerformanceObserver(noted).observe({ type: "longtask" });
}"""
TYPED = """(text) => drawnAfter(() => {
  const input = document.getElementById("find");
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
})"""
CLICKED = "(selector) => drawnAfter(() => document.querySelector(selector).click())"
MOVED = "(where) => drawnAfter(() => { location.hash = where; })"
SCROLLED = """async () => {
  const grid = document.querySelector("[role=grid]"), times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let n = 0; n < 60; n++) {
    grid.scrollTop += 400;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}"""


def used(page: Any) -> dict[str, float]:
    page.wait_for_selector("nav[aria-label=Views] ~ main")
    page.evaluate(START)
    times: dict[str, list[float]] = {"filter": [], "sort": [], "open": [], "zoom": []}
    for number in range(ROUNDS):
        times["zoom"].append(page.evaluate(CLICKED, ".timeline button[aria-label='Zoom in']"))
        page.evaluate(MOVED, "#/tasks")
        page.wait_for_selector("[role=grid]")
        times["filter"].append(page.evaluate(TYPED, f"body/{number + 1}"))
        page.evaluate(TYPED, "")
        times["sort"].append(page.evaluate(CLICKED, ".head .c-duration button"))
        times["open"].append(page.evaluate(MOVED, f"#/task/body/{77 * number}"))
        page.wait_for_selector("article")
        page.evaluate(MOVED, "#/")
        page.wait_for_selector(".timeline")
    page.evaluate(MOVED, "#/tasks")
    page.wait_for_selector("[role=grid]")
    frames = page.evaluate(SCROLLED)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return {
        **{name: statistics.median(values) for name, values in times.items()},
        "frame": statistics.median(frames),
        "longest": page.evaluate("window.longest"),
        "heap": heap / 1e6,
    }


def main() -> None:
    chromium, url = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1100, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.goto(url)
        measured = used(page)
        browser.close()
    print(json.dumps(measured))


if __name__ == "__main__":
    main()

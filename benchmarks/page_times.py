"""Opens pages in a browser, and prints when each was painted and drawn, as JSON. A process of `benchmarks.pages`.

    python page_times.py CHROMIUM ROUNDS URL…

Prints for each URL the median of the first paint and of the time when all was drawn, in milliseconds, and the elements.
A page of flowc marks when it is drawn; another page is drawn when it has loaded.
"""

from __future__ import annotations

import json
import statistics
import sys

from playwright.sync_api import sync_playwright

TIMES = """() => {
  const painted = performance.getEntriesByType("paint").map((entry) => entry.startTime);
  const drawn = performance.getEntriesByName("drawn").map((entry) => entry.startTime);
  const loaded = performance.getEntriesByType("navigation")[0].loadEventEnd;
  return [painted[0] || loaded, drawn[0] || loaded, document.querySelectorAll("*").length];
}"""


def main() -> None:
    chromium, rounds, *urls = sys.argv[1:]
    measured: dict[str, list[list[float]]] = {url: [] for url in urls}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(int(rounds)):
            for url in urls:
                context = browser.new_context(viewport={"width": 1100, "height": 900})
                page = context.new_page()
                page.set_default_timeout(120_000)
                page.goto(url)
                if "blank" not in url:
                    page.wait_for_selector("nav[aria-label=Views] ~ main")
                page.wait_for_timeout(200)
                measured[url].append(page.evaluate(TIMES))
                context.close()
        browser.close()
    print(
        json.dumps(
            {url: [statistics.median(times) for times in zip(*all_times)] for url, all_times in measured.items()}
        )
    )


if __name__ == "__main__":
    main()

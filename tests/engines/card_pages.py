"""Opens pages in a browser, and notes what they ask for and run.

Not a test: `browser.py` runs it, with Chromium's path and a folder of pages. It prints, as JSON, for each page the answers that its requests got,
its dialogs, its errors and the text of its frames. `FOLDER/NAME.light.png` and `.dark.png` are pictures of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

WAIT = 60_000  # milliseconds, a bound on hanging


def opened(browser: Any, page_file: Path, scheme: str) -> dict[str, Any]:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1000, "height": 800})
    page = context.new_page()
    found: dict[str, Any] = {"answers": [], "dialogs": [], "popups": 0, "errors": []}
    address = page_file.as_uri()
    # an attempt that the policy stops is a request that never ends
    page.on("response", lambda each: found["answers"].append(each.url) if each.url.startswith("http") else None)
    page.on("requestfinished", lambda each: found["answers"].append(each.url) if each.url.startswith("http") else None)
    page.on("dialog", lambda each: (found["dialogs"].append(each.message), each.dismiss()))
    context.on("page", lambda each: found.__setitem__("popups", found["popups"] + 1))
    page.on("pageerror", lambda each: found["errors"].append(str(each)))
    page.goto(address, timeout=WAIT)
    page.wait_for_timeout(700)  # what scripts and timers of the page would do
    found["url"], found["title"] = page.url == address, page.title()
    found["frames"] = [each.evaluate("document.body ? document.body.innerText : ''") for each in page.frames[1:]]
    found["charts"] = [each.evaluate("document.querySelectorAll('.drawn svg').length") for each in page.frames]
    found["ran"] = page.evaluate("window.ran === undefined ? [] : window.ran")
    page.screenshot(path=str(page_file.with_suffix(f".{scheme}.png")), full_page=True)
    page.set_viewport_size({"width": 320, "height": 800})
    found["wide"] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    context.close()
    return found


def main() -> None:
    chromium, folder = sys.argv[1:3]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=WAIT)
        found = {}
        for each in sorted(Path(folder).glob("*.html")):
            found[each.stem] = opened(browser, each, "light")
            opened(browser, each, "dark")
        browser.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()

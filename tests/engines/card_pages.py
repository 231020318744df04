"""Opens pages in a browser, and notes what they ask for and run.

Not a test: `browser.py` runs it, with Chromium's path and a folder of pages. It prints, as JSON, for each page the answers that its requests got,
its dialogs, its errors and the text of its frames; with the file of axe-core as a third word, what hinders people. `FOLDER/NAME.light.png` and `.dark.png` are pictures of it.
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
    seen: dict[str, Any] = {"answers": [], "dialogs": [], "popups": 0, "errors": []}
    address = page_file.as_uri()
    # an attempt that the policy stops is a request that never ends
    page.on(
        "response", lambda response: seen["answers"].append(response.url) if response.url.startswith("http") else None
    )
    page.on(
        "requestfinished",
        lambda request: seen["answers"].append(request.url) if request.url.startswith("http") else None,
    )
    page.on("dialog", lambda dialog: (seen["dialogs"].append(dialog.message), dialog.dismiss()))
    context.on("page", lambda _: seen.__setitem__("popups", seen["popups"] + 1))
    page.on("pageerror", lambda error: seen["errors"].append(str(error)))
    page.goto(address, timeout=WAIT)
    page.wait_for_timeout(700)  # what scripts and timers of the page would do
    seen["url"], seen["title"] = page.url == address, page.title()
    seen["frames"] = [frame.evaluate("document.body ? document.body.innerText : ''") for frame in page.frames[1:]]
    seen["charts"] = [frame.evaluate("document.querySelectorAll('.drawn svg').length") for frame in page.frames]
    seen["ran"] = page.evaluate("window.ran === undefined ? [] : window.ran")
    page.screenshot(path=str(page_file.with_suffix(f".{scheme}.png")), full_page=True)
    page.set_viewport_size({"width": 320, "height": 800})
    seen["wide"] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    context.close()
    return seen


def violations(browser: Any, page_file: Path, scheme: str, script: str) -> list[str]:
    """Returns what hinders people on the page."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1000, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(page_file.as_uri(), timeout=WAIT)
    page.wait_for_timeout(300)
    page.evaluate(
        "(text) => { const own = document.createElement('script'); own.textContent = text; document.head.append(own); }",
        script,
    )
    broken = page.evaluate("axe.run({ iframes: false }).then((result) => result.violations)")
    context.close()
    return [f"{scheme} {rule['id']}: {node['html'][:200]}" for rule in broken for node in rule["nodes"]]


def main() -> None:
    chromium, folder = sys.argv[1:3]
    axe = Path(sys.argv[3]).read_text(encoding="utf-8") if len(sys.argv) > 3 else ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=WAIT)
        pages = {}
        for path in sorted(Path(folder).glob("*.html")):
            pages[path.stem] = opened(browser, path, "light")
            opened(browser, path, "dark")
            if axe:
                pages[path.stem]["violations"] = [
                    text for scheme in ("light", "dark") for text in violations(browser, path, scheme, axe)
                ]
        browser.close()
    print(json.dumps(pages))


if __name__ == "__main__":
    main()

"""Uses the page of a run in a browser as a person would, and notes what happens.

Not a test: `browser.py` runs it, with Chromium's path, a page, the file of axe-core and a word for what to do. It prints JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

WAIT = 60_000  # milliseconds, a bound on hanging


class Opened:
    """A page, and everything that it asked for or complained about."""

    def __init__(
        self, browser: Any, file: Path, scheme: str = "light", width: int = 1100, bypass: bool = False
    ) -> None:
        self.file = file
        self.context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=bypass, accept_downloads=True
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.noted: dict[str, Any] = {"errors": [], "requests": [], "dialogs": []}
        self.page.on("pageerror", lambda error: self.noted["errors"].append(str(error)))
        self.page.on("console", lambda line: line.type == "error" and self.noted["errors"].append(line.text))
        self.page.on("request", lambda asked: asked.url.startswith("http") and self.noted["requests"].append(asked.url))
        self.page.on("dialog", lambda dialog: (self.noted["dialogs"].append(dialog.message), dialog.dismiss()))

    def go(self, fragment: str = "") -> Opened:
        self.page.goto(self.file.as_uri() + fragment)
        self.page.wait_for_selector("nav[aria-label=Views] ~ main")
        return self

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).first.inner_text())

    def texts(self, selector: str) -> list[str]:
        return [str(text) for text in self.page.locator(selector).all_inner_texts()]

    def fragment(self) -> str:
        return str(self.page.evaluate("location.hash"))


def walk(browser: Any, file: Path) -> dict[str, Any]:
    """Goes through the views by clicks and keys."""
    opened = Opened(browser, file).go()
    page, noted = opened.page, opened.noted
    noted["nodes"] = page.locator(".graph .node .name").all_text_contents()
    noted["rows"] = opened.texts(".timeline > .row > .label")
    page.click(".timeline .fold")
    noted["opened rows"] = len(opened.texts(".timeline .row.inner"))
    strip = page.locator(".timeline .strip").first.bounding_box()
    page.mouse.move(strip["x"] + 100, strip["y"] + 5)
    page.mouse.down()
    page.mouse.move(strip["x"] + 300, strip["y"] + 5)
    page.mouse.up()
    noted["zoomed"] = page.locator(".timeline button:has-text('all')").is_enabled()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_selector("[role=grid]")
    noted["tasks"] = opened.text("form [role=status]")
    page.select_option("form label:has-text('state') select", "failed")
    noted["failed"] = opened.text("form [role=status]")
    noted["failed link"] = opened.fragment()
    page.select_option("form label:has-text('state') select", "")
    page.keyboard.press("/")
    page.wait_for_timeout(100)
    page.keyboard.type("body/1")
    noted["found"] = opened.text("form [role=status]")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_selector("article")
    noted["task"] = opened.text("article h2")
    noted["attempts"] = opened.texts(".tabs a")
    page.click(".tabs a >> nth=0")
    page.wait_for_selector("article .failure")
    noted["failure"] = opened.text("article .failure h3")
    noted["attempt link"] = opened.fragment()
    page.fill("#find", "value")
    noted["hits"] = opened.text("article [role=status]")
    page.locator("#find").blur()
    page.keyboard.press("w")
    noted["wrapped"] = page.locator(".log.wrap").count()
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=grid]")
    noted["back"] = opened.fragment()
    page.keyboard.press("f")
    page.wait_for_selector("article")
    noted["first failure"] = opened.text("article h2")
    page.keyboard.press("?")
    noted["help"] = page.locator("dialog[open]").count()
    page.keyboard.press("Escape")
    opened.go("#/tasks?sort=-duration")
    noted["sorted"] = opened.texts(".grid [role=rowgroup] .c-duration")
    with page.expect_download() as saved:
        page.click("button:has-text('CSV')")
    noted["csv"] = Path(saved.value.path()).read_text(encoding="utf-8").splitlines()
    opened.go("#/task/start/-")
    page.wait_for_selector("iframe")
    page.wait_for_timeout(300)
    noted["card"] = page.frames[1].evaluate("document.body.innerText")
    noted["card origin"] = page.frames[1].evaluate("self.origin")
    opened.go("#/task/nothing/7")
    noted["no task"] = opened.text("main")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_selector(".tile iframe")
    noted["cards"] = opened.texts(".tile h2")
    page.fill("#find", "body")
    page.wait_for_selector(".tile", state="detached")
    noted["cards of body"] = opened.text("form [role=status]")
    opened.go("#/task/body/1?attempt=0&line=2")
    page.wait_for_selector(".log .wanted")
    noted["line"] = opened.text(".log .wanted .number")
    page.fill("#find", "ValueError")
    page.click("article button:has-text('link')")
    page.wait_for_function("!location.hash.endsWith('=2')")
    noted["linked"] = opened.text(".log .wanted")
    page.select_option("article label:has-text('times') select", "since")
    noted["relative"] = opened.text(".log .out")
    opened.context.close()
    return noted


def looked(browser: Any, file: Path) -> dict[str, Any]:
    """Opens every view of a page whose texts are hostile."""
    opened = Opened(browser, file).go()
    steps = opened.page.evaluate("[...document.querySelectorAll('.graph a')].map((node) => node.getAttribute('href'))")
    for fragment in ("#/", "#/tasks", *steps):
        opened.go(fragment)
        opened.page.wait_for_timeout(500)
    opened.noted["ran"] = opened.page.evaluate("window.ran ?? null")
    opened.noted["images"] = opened.page.evaluate("document.querySelectorAll('img').length")
    opened.noted["frames"] = [
        frame.evaluate("document.body ? document.body.innerText : ''") for frame in opened.page.frames[1:]
    ]
    opened.context.close()
    return opened.noted


def of_engine(browser: Any, file: Path, address: str) -> dict[str, Any]:
    """Opens the page of a run that an engine has made, and the task of that fragment with its cards."""
    opened = Opened(browser, file).go()
    page, noted = opened.page, opened.noted
    noted["state"] = opened.text("h1 .state")
    noted["nodes"] = page.locator(".graph .node .name").all_text_contents()
    opened.go("#/tasks")
    noted["tasks"] = opened.text("form [role=status]")
    opened.go(address)
    page.wait_for_selector("article iframe")
    noted["attempts"] = opened.texts(".tabs a")
    noted["log"] = page.locator(".log .out, .log .err").count()
    page.wait_for_timeout(500)
    noted["cards"] = [frame.evaluate("document.body ? document.body.innerText : ''") for frame in page.frames[1:]]
    noted["origins"] = [frame.evaluate("self.origin") for frame in page.frames[1:]]
    opened.context.close()
    return noted


def axe(browser: Any, file: Path, script: str, *urls: str) -> dict[str, Any]:
    """Looks at the pages for what hinders people, in both themes, and for one that is wider than a small screen."""
    noted: dict[str, Any] = {"violations": [], "wide": {}}
    for scheme in ("light", "dark"):
        for url in urls:
            opened = Opened(browser, file, scheme, bypass=True)
            opened.page.goto(url)
            opened.page.wait_for_selector("main table, main article, [role=grid], .tile")
            opened.page.wait_for_timeout(300)
            opened.page.evaluate(
                "(text) => { const own = document.createElement('script'); own.textContent = text; document.head.append(own); }",
                script,
            )
            found = opened.page.evaluate("axe.run({ iframes: false }).then((result) => result.violations)")
            noted["violations"] += [
                f"{scheme} {url} {rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]
            ]
            opened.context.close()
            small = Opened(browser, file, scheme, width=320)
            small.page.goto(url)
            small.page.wait_for_selector("main table, main article, [role=grid], .tile")
            small.page.wait_for_timeout(300)
            noted["wide"][url] = small.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            small.context.close()
    return noted


ACTIVE = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return "";
  return element.getAttribute("aria-label") || element.closest("label")?.innerText || element.textContent.trim() || element.id;
}"""


def keyed(browser: Any, file: Path) -> dict[str, Any]:
    """Goes through a page with Tab alone, and notes what it comes to."""
    opened = Opened(browser, file)
    page, noted = opened.page, opened.noted

    def reached(fragment: str) -> list[str]:
        opened.go(fragment)
        page.wait_for_timeout(300)
        names: list[str] = []
        for _ in range(100):
            page.keyboard.press("Tab")
            name = str(page.evaluate(ACTIVE))
            if not name:
                break
            names.append(" ".join(name.split()))
        return names

    for fragment in ("#/", "#/tasks", "#/task/body/1?attempt=0", "#/task/start/-", "#/cards"):
        noted[fragment] = reached(fragment)
    opened.go("#/")
    page.focus(".timeline .fold")
    page.keyboard.press("Enter")
    noted["opened"] = len(opened.texts(".timeline .row.inner"))
    page.focus(".timeline")
    for key in ("+", "ArrowRight", "-", "+"):
        page.keyboard.press(key)
    noted["zoomed"] = page.locator(".timeline button:has-text('all')").is_enabled()
    page.keyboard.press("0")
    noted["whole"] = page.locator(".timeline button:has-text('all')").is_disabled()
    opened.go("#/tasks")
    page.focus("[role=grid]")
    page.wait_for_timeout(300)
    for row in (3, 4):
        page.keyboard.press("ArrowDown")
        page.wait_for_selector(f"[aria-selected=true][aria-rowindex='{row}']")
    page.wait_for_timeout(300)  # the page listens with the new row once it is drawn
    page.keyboard.press("Enter")
    page.wait_for_selector("article")
    noted["task"] = opened.text("article h2")
    opened.context.close()
    return noted


def large(browser: Any, file: Path) -> dict[str, Any]:
    """Opens a page of very many tasks."""
    opened = Opened(browser, file).go("#/tasks")
    page = opened.page
    noted = opened.noted
    noted["tasks"] = opened.text("form [role=status]")
    noted["elements"] = page.evaluate("document.querySelectorAll('*').length")
    page.evaluate("document.querySelector('.grid').scrollTop = 1e9")
    page.wait_for_timeout(300)
    noted["last"] = opened.texts(".grid [role=rowgroup] .c-path")[-1]
    noted["drawn"] = page.evaluate("performance.getEntriesByName('drawn')[0].startTime")
    opened.context.close()
    return noted


def served(browser: Any, url: str, folder: str) -> dict[str, Any]:
    """Uses the pages that a server gives: list, comparison, and a run that goes on while it is looked at."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT)
    noted: dict[str, Any] = {"errors": []}
    page.on("pageerror", lambda error: noted["errors"].append(str(error)))
    page.on("console", lambda line: line.type == "error" and noted["errors"].append(line.text))
    page.goto(url)
    page.wait_for_selector("tbody tr")
    noted["address"] = page.url.removeprefix(url.partition("#")[0])
    noted["runs"] = page.locator("tbody th").all_inner_texts()
    page.fill("#find", "fails=true")
    noted["found"] = page.locator("tbody th").all_inner_texts()
    page.fill("#find", "")
    for box in page.locator("tbody input").all()[:2]:
        box.check()
    page.click("a:has-text('compare 2')")
    page.wait_for_selector(".differs")
    noted["differs"] = page.locator("tr.differs th").all_inner_texts()
    page.goto(url.partition("#")[0] + "compare?run=F/one&run=F/two")
    page.wait_for_selector(".beside iframe >> nth=1")
    noted["beside"] = page.locator(".beside h3").all_inner_texts()
    noted["compared"] = page.locator("main label:has-text('card') select").input_value()
    page.goto(url.partition("#")[0] + "run/F/live#/tasks")
    page.wait_for_selector("[role=grid]")
    noted["status before"] = page.locator("h1 .state").inner_text()
    noted["tasks before"] = page.locator("form [role=status]").inner_text()
    Path(folder, "go on").touch()
    page.wait_for_selector("h1 .succeeded")
    noted["tasks after"] = page.locator("form [role=status]").inner_text()
    noted["where after"] = page.evaluate("location.hash")
    page.goto(url.partition("#")[0] + "run/F/one#/task/body/1?attempt=0")
    page.wait_for_selector(".log .out")
    noted["log"] = page.locator(".log .out").last.inner_text()
    page.goto(url.partition("#")[0] + "run/F/one#/task/start/-")
    page.wait_for_selector("iframe")
    page.wait_for_timeout(500)
    noted["card"] = page.frames[1].evaluate("document.body.innerText")
    noted["card origin"] = page.frames[1].evaluate("self.origin")
    stranger = browser.new_context().new_page()
    stranger.goto(url.partition("#")[0])
    stranger.wait_for_selector("main:has-text('token')")
    noted["stranger"] = stranger.inner_text("main")
    context.close()
    return noted


def searched(browser: Any, url: str) -> dict[str, Any]:
    """Searches a log of which the page has only a part."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT)
    noted: dict[str, Any] = {"errors": []}
    page.on("pageerror", lambda error: noted["errors"].append(str(error)))
    page.on("console", lambda line: line.type == "error" and noted["errors"].append(line.text))
    page.goto(url)
    page.wait_for_selector("tbody tr")
    page.goto(url.partition("#")[0] + "run/F/one#/task/start/-")
    page.wait_for_selector(".log .out")
    noted["lines"] = page.locator("article [role=status]").inner_text()
    page.fill("#find", "NEEDLE")
    page.wait_for_selector("button.number")
    noted["found"] = page.locator("article [role=status]").inner_text()
    noted["hits"] = page.locator(".log .out").all_inner_texts()
    page.click("button.number >> nth=1")
    page.wait_for_selector("button:has-text('all hits')")
    page.wait_for_selector(".log .now.hit:has-text('30000')")
    noted["chosen"] = page.locator(".log .now.hit").inner_text()
    noted["in view"] = page.locator(".log .now.hit").is_visible()
    noted["around"] = page.locator(".log .out").all_inner_texts()
    page.click("button:has-text('all hits')")
    page.wait_for_selector("button.number")
    noted["again"] = page.locator(".log .out").count()
    page.fill("#find", "")
    page.wait_for_selector("button.number", state="detached")
    noted["at the end"] = page.locator("article [role=status]").inner_text()
    context.close()
    return noted


def cards(browser: Any, file: Path, address: str) -> dict[str, Any]:
    """Looks at the frames of a task's cards: how high they are, and what the menu of a chart does."""
    opened = Opened(browser, file).go(address)
    page, noted = opened.page, opened.noted
    for frame in page.frames[1:]:
        frame.wait_for_load_state()
    page.wait_for_selector("iframe")
    page.wait_for_function("document.querySelectorAll('iframe').length === document.querySelectorAll('.card').length")
    for element in page.locator("iframe").all():  # a browser does not lay out frames that are far from being seen
        element.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
    drawn = "!document.querySelector('.chart') || document.documentElement.dataset.charts"
    for frame in page.frames[1:]:
        frame.wait_for_function(drawn, polling=100)
    for element in page.locator("iframe").all():
        element.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
    page.wait_for_function("[...document.querySelectorAll('iframe')].every((frame) => frame.style.height)", polling=100)
    page.wait_for_timeout(500)
    noted["heights"] = page.evaluate("[...document.querySelectorAll('iframe')].map((frame) => frame.clientHeight)")
    height = "document.documentElement.getBoundingClientRect().height"
    noted["contents"] = [frame.evaluate(height) for frame in page.frames[1:]]
    noted["most"] = page.evaluate("0.8 * innerHeight")
    noted["menus"] = [
        frame.evaluate("[...document.querySelectorAll('.chart-menu button')].map((button) => button.textContent)")
        for frame in page.frames[1:]
    ]
    charts = next(frame for frame in page.frames[1:] if frame.locator(".chart-menu button").count())
    noted["saved"] = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as saved:
            charts.click(f"button:has-text('{kind}')")
        noted["saved"][saved.value.suggested_filename] = Path(saved.value.path()).read_bytes()[:8].hex()
    charts.click("button:has-text('Vega')")
    noted["compiled"] = charts.locator(".chart-menu pre").inner_text()
    opened.context.close()
    return noted


def flow(browser: Any, file: Path) -> dict[str, Any]:
    """Goes from a step in the graph of a flow's page to what the page says of it."""
    opened = Opened(browser, file)
    opened.page.goto(file.as_uri())
    opened.page.wait_for_selector(".graph a")
    opened.noted["nodes"] = opened.page.locator(".graph .node .name").all_text_contents()
    opened.page.click(".graph a >> nth=1")
    opened.noted["where"] = opened.fragment()
    opened.noted["target"] = opened.text(":target h2")
    opened.context.close()
    return opened.noted


def main() -> None:
    chromium, what, file, *more = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=WAIT)
        if what == "axe":
            noted = axe(browser, Path(file), Path(more[0]).read_text(encoding="utf-8"), *more[1:])
        elif what == "of_engine":
            noted = of_engine(browser, Path(file), more[0])
        elif what == "searched":
            noted = searched(browser, file)
        elif what == "cards":
            noted = cards(browser, Path(file), more[0])
        elif what == "served":
            noted = served(browser, file, more[0])
        else:
            noted = {"walk": walk, "looked": looked, "large": large, "flow": flow, "keyed": keyed}[what](
                browser, Path(file)
            )
        browser.close()
    print(json.dumps(noted))


if __name__ == "__main__":
    main()

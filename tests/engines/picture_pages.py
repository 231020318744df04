"""Takes pictures of pages, and compares them with references.

Not a test: `browser.py` runs it, with Chromium's path, a file of what to take and the font of the pictures. The file
is JSON: [{name, url, scheme, width, css, wait, reference}…]. It prints, for each name, the picture as base64 and how it
differs from the reference, if there is one.

Fonts differ between machines, so every character is drawn as a box of half an em. Pictures are taken at full size and
kept at a quarter of it.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

WAIT = 60_000  # milliseconds, a bound on hanging
SCALE = 4
HEIGHT = 1400  # what is further down may not be loaded yet
# Vega measures its texts with a canvas.
MEASURED = """CanvasRenderingContext2D.prototype.measureText = function (text) {
  return { width: String(text).length * parseFloat(/([\\d.]+)px/.exec(this.font)?.[1] || "11") / 2 };
};"""
STYLE = """
@font-face { font-family: blocks; src: url(data:font/ttf;base64,FONT); }
*, *::before, *::after { font-family: blocks !important; font-synthesis: none !important; animation: none !important;
  transition: none !important; caret-color: transparent !important; }
/* a picture of a whole page makes the window higher */
.log { max-height: 400px !important; } .grid { height: 500px !important; } iframe { max-height: 600px !important; }
"""
SMALLER = """async ([picture, scale]) => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(image.width / scale);
  canvas.height = Math.ceil(image.height / scale);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png").split(",")[1];
}"""
# How much of two pictures differs visibly, in parts of the larger one; and their sizes.
COMPARED = """async ([one, other]) => {
  const [a, b] = await Promise.all([one, other].map(async (picture) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, image.width, image.height);
  }));
  const width = Math.max(a.width, b.width), height = Math.max(a.height, b.height);
  let differ = 0;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    if (x >= a.width || x >= b.width || y >= a.height || y >= b.height) { differ++; continue; }
    const i = 4 * (y * a.width + x), j = 4 * (y * b.width + x);
    if ([0, 1, 2].some((channel) => Math.abs(a.data[i + channel] - b.data[j + channel]) > 64)) differ++;
  }
  return { differ: differ / (width * height), sizes: [a.width, a.height, b.width, b.height] };
}"""


def taken(browser: Any, wanted: dict[str, Any], style: str) -> str:
    """Returns the picture of a page as base64."""
    context = browser.new_context(
        color_scheme=wanted["scheme"], viewport={"width": wanted["width"], "height": HEIGHT}, locale="en-GB",
        timezone_id="UTC", reduced_motion="reduce",
    )  # fmt: skip
    context.add_init_script(MEASURED)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(wanted["url"])
    page.wait_for_selector(wanted["wait"])
    page.wait_for_timeout(200)
    for frame in page.frames:
        if frame.parent_frame and "allow-scripts" not in (frame.frame_element().get_attribute("sandbox") or ""):
            continue  # nothing can be asked of it
        if wanted.get("is_whole"):
            continue  # with its own fonts, and at its own size
        frame.add_style_tag(content=style + wanted.get("css", ""))
        frame.evaluate("document.fonts.load('16px blocks').then(() => null)")
        frame.wait_for_function(
            "!document.querySelector('.chart') || document.documentElement.dataset.charts", polling=100
        )
    page.wait_for_timeout(500)  # for frames to become as high as their cards
    picture = base64.b64encode(page.screenshot(full_page=True)).decode()
    context.close()
    return picture


def main() -> None:
    chromium, wanted, font = sys.argv[1:]
    style = STYLE.replace("FONT", base64.b64encode(Path(font).read_bytes()).decode())
    results = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, timeout=WAIT,
            args=["--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text"],
        )  # fmt: skip
        table = browser.new_page()
        for one in json.loads(Path(wanted).read_text()):
            picture = taken(browser, one, style)
            picture = picture if one.get("is_whole") else table.evaluate(SMALLER, [picture, SCALE])
            result = results[one["name"]] = {"picture": picture}
            if one.get("reference"):
                result["compared"] = table.evaluate(COMPARED, [picture, one["reference"]])
        browser.close()
    print(json.dumps(results))


if __name__ == "__main__":
    main()

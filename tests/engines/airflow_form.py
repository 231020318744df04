"""Starts a run with Airflow's form, as a person does who types a text, changes their mind, and presses the button.

Not a test: `browser.py` runs it, with Chromium's path, the server's URL, the DAG's id, the parameter that is typed and emptied again, and whether
the button should be `enabled` before that, or `disabled`, where nothing more is done. Prints, as JSON, the id of the run; null for none.
"""

from __future__ import annotations

import json
import sys

from playwright.sync_api import expect, sync_playwright

WAIT = 120_000  # milliseconds, for a machine that is busy


def main(chromium: str, url: str, dag: str, parameter: str, state: str) -> None:
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=WAIT)
        page = browser.new_page()
        page.set_default_timeout(WAIT)
        page.goto(f"{url}/dags/{dag}")
        page.get_by_role("button", name="Trigger").first.click()
        form = page.get_by_role("dialog")
        field, button = form.locator(f"#element_{parameter}"), form.get_by_role("button", name="Trigger")
        expect(field).to_be_visible()
        run = None
        if state == "disabled":
            expect(button).to_be_disabled()
        else:
            expect(button).to_be_enabled()
            field.fill("a word")
            field.fill("")
            with page.expect_response(
                lambda answer: answer.request.method == "POST" and answer.url.endswith("/dagRuns")
            ) as answered:
                button.click()  # as soon as it is enabled
            run = answered.value.json()["dag_run_id"]
        browser.close()
    print(json.dumps(run))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Pages of runs in object stores: written from one, written into one, and served from one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flowc.pages.server import Pages
from tests.support.running import flowc
from tests.support.s3_server import BUCKET, S3Server

from .test_run_data import FLOW


@pytest.mark.slow
def test_a_bucket_holds_the_run_and_its_page(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    environment = {**s3.environment, "TRAP": str(tmp_path / "sprung")}
    store, page = f"s3://{BUCKET}/pages", f"s3://{BUCKET}/reports/one.html"
    flowc(
        "run",
        "flow.py",
        "--store",
        store,
        "--run-id",
        "one",
        "--report",
        page,
        cwd=tmp_path,
        env=environment,
        check=True,
    )
    flowc("report", "one", "--store", store, "-o", "here.html", cwd=tmp_path, env=environment, check=True)
    written = s3.client().get_object(Bucket=BUCKET, Key="reports/one.html")["Body"].read()
    assert written == (tmp_path / "here.html").read_bytes() and b"succeeded" in written[:2000]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    pages = Pages(store)
    run = json.loads(pages.data("F", "one"))
    assert [row["run"] for row in pages.runs()] == ["one"] and run["run"]["status"] == "succeeded"
    assert run["tasks"]["value"] == ["", "'a'", "'b'", "{'c': 1}", "", ""]
    card = run["cards"]["0"][0]
    html, is_custom = pages.card("F", "one", "start", "-", card["hash"])
    assert "made" in html and not is_custom
    assert pages.log("F", "one", "body", "1", "0")["lines"][-1][2] == "ValueError: first attempt of b"
    assert not re.search(rb"secret|AWS_", written)  # no credential

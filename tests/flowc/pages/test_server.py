"""The server of `flowc ui`: who may ask for what, and what it answers while a run goes on."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.store import open_store

import flowc.pages.server as module
from flowc.pages.server import Pages, Server
from tests.support.running import flowc

from .test_run_data import FLOW

TOKEN = "t" * 43


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "flow.py").write_text(FLOW)
    trap = {"TRAP": str(folder / "sprung")}
    flowc("run", "flow.py", "--run-id", "one", cwd=folder, env=trap, check=True)
    flowc("run", "flow.py", "--run-id", "two", "--fails", "True", "--tag", "t", cwd=folder, env=trap)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    server = Server(Pages(str(folder / ".flowc"), TOKEN))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self) -> Any:
        return json.loads(self.body)


def asked(server: Server, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def data(server: Server, path: str) -> Any:
    answer = asked(server, path, Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200, answer.body
    return answer.json()


def test_the_runs_are_listed_newest_first(server: Server) -> None:
    runs = data(server, "/api/runs")["runs"]
    assert [(run["run"], run["status"]) for run in runs] == [("two", "failed"), ("one", "succeeded")]
    assert runs[0]["tags"] == ["t"] and runs[0]["parameters"] == {"fails": True}


def test_a_run_names_its_logs_and_cards_and_the_server_gives_them(server: Server) -> None:
    run = data(server, "/api/run/F/one")
    assert run["logs"] == {"0/0": None, "2/0": None}
    (card,) = run["cards"]["0"]
    assert "html" not in card
    log = data(server, "/api/log/F/one/body/1/0")
    assert log["lines"][-1][2] == "ValueError: first attempt of b"
    page = asked(server, card["url"])
    assert page.status == 200 and b"made" in page.body
    policy = page.headers["Content-Security-Policy"]
    assert (
        policy.startswith("sandbox allow-scripts allow-downloads;")
        and "connect-src" not in policy
        and "allow-same-origin" not in policy
    )


def test_the_server_searches_a_log_and_gives_the_lines_around_a_hit(server: Server) -> None:
    url = "/api/find/F/one/body/1/0"
    whole = data(server, "/api/log/F/one/body/1/0")["lines"]
    found = data(server, url + "?q=valueerror&stream=stderr")
    assert found["count"] == len(found["lines"]) > 0
    number, *line = found["lines"][-1]
    assert whole[number - 1] == line and line[2] == "ValueError: first attempt of b"
    assert data(server, url + "?q=valueerror&stream=stdout") == {"count": 0, "lines": []}
    part = data(server, f"/api/log/F/one/body/1/0?around={number}")
    assert part["lines"][number - part["first"]] == line
    assert asked(server, url.replace("/1/0", "/1/7"), Authorization=f"Bearer {TOKEN}").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/runs",
        "/api/run/F/one",
        "/api/log/F/one/start/-/0",
        "/api/find/F/one/start/-/0?q=a",
        "/api/watch/F/one?seen=x",
        "/api/nothing",
    ],
)
@pytest.mark.parametrize("given", [None, "", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_no_data_without_the_token(server: Server, path: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    answer = asked(server, path, **headers)
    assert answer.status == 401 and b"flowc ui" in answer.body


def test_a_code_opens_one_card(server: Server) -> None:
    url = data(server, "/api/run/F/one")["cards"]["0"][0]["url"]
    path, code = url.split("?k=")
    for wrong in (
        path,
        f"{path}?k=",
        f"{path}?k={'0' * 32}",
        f"{path.replace('/one/', '/two/')}?k={code}",
        f"{path}x?k={code}",
    ):
        assert asked(server, wrong).status == 401, wrong
    assert asked(server, url.replace("/card/", "/api/run/")).status == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", ""])
def test_a_name_that_leads_here_is_refused(server: Server, host: str) -> None:
    assert asked(server, "/", Host=host).status == 403
    assert asked(server, "/api/runs", Host=host, Authorization=f"Bearer {TOKEN}").status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_another_origin_is_refused(server: Server, origin: str) -> None:
    assert asked(server, "/api/runs", Origin=origin, Authorization=f"Bearer {TOKEN}").status == 403
    own = f"http://127.0.0.1:{server.server_port}"
    answer = asked(server, "/api/runs", Origin=own, Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200 and answer.headers.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_is_read_only(server: Server, method: str) -> None:
    assert asked(server, "/api/runs", method, Authorization=f"Bearer {TOKEN}").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../flow.py", "/page.js/../../flow.py", "/%2e%2e/flow.py", "/run/F/one/../../x", "/card/a/b/c", "/dist/page.js",
        "//etc/passwd", "/page.css/x",
    ],
)  # fmt: skip
def test_no_path_reaches_a_file(server: Server, path: str) -> None:
    assert asked(server, path).status in (401, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/api/log/F/one/..%2F..%2Frun/-/0", "/api/log/F/one/start/..%2F..%2F..%2Frun.json%3F/0", "/api/log/F/one/start/-/0.json",
        "/api/log/..%2F..%2Fx/one/start/-/0", "/api/run/F/..", "/api/run/..%2FF/one", "/api/run/F/%00", "/api/log/F/one/start/-/-1",
        "/api/log/F/one/start/-/9",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_datastore(server: Server, path: str) -> None:
    answer = asked(server, path, Authorization=f"Bearer {TOKEN}")
    assert answer.status == 404 and b"Traceback" not in answer.body


def test_pages_hold_no_data_and_may_not_be_framed(server: Server) -> None:
    for path in ("/", "/run/F/one", "/compare?run=F/one"):
        answer = asked(server, path)
        assert answer.status == 200 and b"one" not in answer.body and TOKEN.encode() not in answer.body
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
    head = asked(server, "/page.js", "HEAD")
    assert head.status == 200 and head.body == b"" and int(head.headers["Content-Length"]) > 1000
    packed = asked(server, "/page.js", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == asked(server, "/page.js").body


def test_a_change_is_told_once_however_many_watch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL", 0.2)
    monkeypatch.setattr(module, "WAIT", 60)
    pages = Pages(str(folder / ".flowc"), TOKEN)
    looks: list[float] = []

    def status(place: object, flow: str, run: str, *collecting: bool) -> tuple[str, None]:
        if not collecting:
            looks.append(time.monotonic())
        return "running", None

    monkeypatch.setattr("flowc.run_status.status", status)
    seen = json.loads(pages.data("F", "two"))["seen"]
    assert pages.data("F", "two") is pages.data("F", "two")  # not read again without a change
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(pages.wait, "F", "two", seen) for _ in range(20)]
        open_store(str(folder / ".flowc")).put(
            "F/runs/two/start/-.1.log", b"2026-01-02T03:04:05.678901Z stdout F more\n"
        )
        assert len({each.result(60) for each in waiting} - {seen}) == 1
    gaps = [later - earlier for earlier, later in zip(looks, looks[1:])]
    assert all(gap >= 0.2 for gap in gaps)  # 20 watch, one looks
    assert "0/1" in json.loads(pages.data("F", "two"))["logs"]


def test_a_port_that_is_taken_is_told(folder: Path, server: Server) -> None:
    done = flowc("ui", "--port", str(server.server_port), cwd=folder)
    assert done.returncode == 1 and "cannot listen on port" in done.stderr and "Traceback" not in done.stderr
    done = flowc("ui", "--port", "70000", cwd=folder)
    assert done.returncode == 1 and "cannot listen on port 70000" in done.stderr
    done = flowc("ui", "--store", str(folder / "nothing"), cwd=folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr

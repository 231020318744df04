"""The tasks of a container share the credentials that its endpoint has returned: it answers few requests a second."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flowc.runtime_shim.store import credentials

from tests.engines.deploying import PREFIX, STORE
from tests.support.container import Container
from tests.support.s3_server import BUCKET, s3_server

from .test_wide_and_deep import WIDE


class Endpoint:
    """An endpoint for a container's credentials, as ECS has one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds  # until the credentials expire
        self.asked = 0
        self.url = ""


@contextmanager
def endpoint(seconds: float = 6 * 3600) -> Iterator[Endpoint]:
    state = Endpoint(seconds)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + state.seconds))
            values = {"AccessKeyId": "key", "SecretAccessKey": "secret", "Token": "t", "Expiration": expires}
            body = json.dumps(values).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/credentials"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def test_the_tasks_of_a_container_ask_its_endpoint_once(tmp_path: Path) -> None:
    with s3_server() as s3, endpoint() as asked:
        variables = {name: value for name, value in s3.environment.items() if "KEY" not in name}
        container = Container(
            WIDE.replace("{items}", "12"), tmp_path, STORE,
            {**variables, "HOME": str(tmp_path), "AWS_CONTAINER_CREDENTIALS_FULL_URI": asked.url},
        )  # fmt: skip
        package = next((tmp_path / "store" / "F" / "code").iterdir())
        s3.client().put_object(Bucket=BUCKET, Key=f"{PREFIX}/F/code/{package.name}", Body=package.read_bytes())
        done = container.several("start", "-", "start,body,join,end")
        assert f"end: {sum(range(12))}\n" in done.stdout
        assert asked.asked == 1, "15 tasks and their container"


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Endpoint]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(credentials, "_of_endpoints", {})
    monkeypatch.setattr(credentials, "_renewed", [-1e9])
    with endpoint() as asked:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", asked.url)
        yield asked


def test_fresh_ones_are_kept_and_refused_ones_are_not(source: Endpoint) -> None:
    assert credentials.find().token == credentials.find().token == "t"
    credentials.renew()
    assert source.asked == 1
    credentials.find(again=True)
    assert source.asked == 2


def test_those_about_to_expire_are_fetched_again_before_a_fork(source: Endpoint) -> None:
    source.seconds = credentials.MARGIN - 60
    credentials.find()
    source.seconds = 3600
    credentials.renew()
    assert source.asked == 2
    assert credentials.find().is_fresh and source.asked == 2


def test_an_endpoint_whose_credentials_are_always_about_to_expire_is_not_asked_before_each_fork(
    source: Endpoint,
) -> None:
    source.seconds = 1
    credentials.find()
    for _ in range(3):
        credentials.renew()
    assert source.asked == 2

"""What every datastore promises, asked of each."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.errors import StoreError, UsageError
from flowc.runtime_shim.store import Store, open_store

from tests.s3_server import BUCKET, S3Server


@pytest.fixture(params=["folder", "s3"])
def url(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "folder":
        yield str(tmp_path / "store")
        return
    server: S3Server = request.getfixturevalue("s3")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


def test_what_is_put_is_got(store: Store) -> None:
    assert store.get("a/b.json") is None and not store.exists("a/b.json")
    store.put("a/b.json", b"one")
    store.put("a/b.json", b"two")
    assert store.get("a/b.json") == b"two" and store.exists("a/b.json")


def test_create_if_absent(store: Store) -> None:
    assert store.put_if_absent("x", b"first")
    assert not store.put_if_absent("x", b"second")
    assert store.get("x") == b"first"


@pytest.mark.parametrize("data", [b"", b"\0" * 10, os.urandom(9_000_000)], ids=["empty", "zeros", "9 MB"])
def test_any_content(store: Store, data: bytes) -> None:
    store.put("data", data)
    assert store.get("data") == data


def test_names_of_any_characters(store: Store) -> None:
    names = ["F/runs/a%20b/-.json", "F/runs/-~1/x.json", "F/runs/%2E/y+z=&.json", "F/runs/0.1/%C3%A9.json"]
    for name in names:
        store.put(name, name.encode())
    assert list(store.list("F/runs/")) == sorted(names)
    assert list(store.list("F/runs/-~")) == ["F/runs/-~1/x.json"]
    assert [store.get(name) for name in names] == [name.encode() for name in names]


def test_more_names_than_one_answer_holds(url: str, request: pytest.FixtureRequest) -> None:
    store = open_store(url)
    wanted = [f"many/{number:04}" for number in range(1005)]
    for name in wanted:
        store.put(name, b"")
    assert list(store.list("many/")) == wanted


def _create(url: str, number: int, start: Any, results: Any) -> None:
    store = open_store(url)
    start.wait()
    results.put((store.put_if_absent("raced", str(number).encode()), number))


def test_one_of_several_writers_wins(url: str) -> None:
    if url.startswith("s3:"):
        pytest.importorskip("moto")  # moto's answer to a conditional write is not atomic: threads of one process race in it
        writers = 1
    else:
        writers = 6
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    processes = [context.Process(target=_create, args=(url, number, start, results)) for number in range(writers)]
    for each in processes:
        each.start()
    start.set()
    outcomes = [results.get(timeout=30) for _ in processes]
    for each in processes:
        each.join()
    winners = [number for won, number in outcomes if won]
    assert len(winners) == 1
    assert open_store(url).get("raced") == str(winners[0]).encode()


def test_unknown_schemes_are_refused() -> None:
    for url in ("ftp://x/y", "s3://"):
        with pytest.raises(UsageError):
            open_store(url)


def test_no_bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match="bucket"):
        open_store("s3://nothere/x").get("a")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(StoreError):
        open_store(f"s3://{BUCKET}").get("a")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        open_store(str(tmp_path / "file")).put("a/b", b"")

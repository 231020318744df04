"""`S3`: a flow's own data, on moto's server.

The expected values were measured with Metaflow 2.19 on the same server.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.client import s3_bucket
from flowc.runtime_shim.client.s3 import (
    S3,
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InvalidObject,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
    RangeInfo,
    S3GetObject,
    S3PutObject,
)

from tests.support.running import dump, flowc
from tests.support.s3_server import BUCKET, S3Server

TREE = {
    "a/0.txt": b"zero",
    "a/b/1.txt": b"one",
    "a/d/e/3.txt": b"three",
    "ab": b"beside",
    "f/4.txt": b"four",
    "ü #?&+ ~x": b"odd",
}


@pytest.fixture
def environment(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def root(environment: None, s3: S3Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a prefix that holds TREE."""
    url = f"s3://{BUCKET}/{request.node.name}"
    for key, data in TREE.items():
        s3.client().put_object(Bucket=BUCKET, Key=f"{request.node.name}/{key}", Body=data)
    yield url


@pytest.fixture
def data(root: str) -> Iterator[S3]:
    with S3(s3root=root) as data:
        yield data


def test_get(data: S3, root: str) -> None:
    one = data.get("a/0.txt")
    assert (one.url, one.key, one.prefix, one.exists, one.downloaded) == (
        f"{root}/a/0.txt",
        "a/0.txt",
        root,
        True,
        True,
    )
    assert (one.blob, one.text, one.size, one.has_info, one.metadata, one.encryption) == (
        b"zero",
        "zero",
        4,
        True,
        None,
        None,
    )
    assert (
        one.content_type == "binary/octet-stream"
        and isinstance(one.last_modified, int)
        and one.range_info == RangeInfo(4, 0, 4)
    )
    assert str(one) == f"<S3Object {root}/a/0.txt (4 bytes, local)>"
    plain = data.get("a/0.txt", return_info=False)
    assert (plain.text, plain.has_info, plain.content_type, plain.range_info) == ("zero", False, None, None)
    assert data.get("ü #?&+ ~x").blob == b"odd"
    assert [result.blob for result in data.get_many(TREE)] == list(TREE.values())


def test_what_is_missing(data: S3, root: str) -> None:
    for call in (
        lambda: data.get("nope"),
        lambda: data.get(),
        lambda: data.info("nope"),
        lambda: data.get_many(["a/0.txt", "nope"]),
        lambda: data.info_many(["nope"]),
    ):
        with pytest.raises(MetaflowS3NotFound):
            call()
    gone = data.get("nope", return_missing=True)
    assert (gone.exists, gone.downloaded, gone.size, gone.path, gone.text, gone.has_info) == (
        False,
        False,
        None,
        None,
        None,
        False,
    )
    assert [result.exists for result in data.get_many(["nope", "a/0.txt"], return_missing=True)] == [False, True]
    assert [result.exists for result in data.info_many(["a/0.txt", "nope"], return_missing=True)] == [True, False]
    with S3() as whole:
        with pytest.raises(MetaflowS3NotFound):
            whole.get("s3://no-such-bucket/x")
        with pytest.raises(MetaflowS3NotFound):
            whole.list_paths(["s3://no-such-bucket/x"])


def test_parts(data: S3) -> None:
    for offset, length, text, where in (
        (1, 2, "er", (4, 1, 2)),
        (2, None, "ro", (4, 2, 2)),
        (None, 1, "z", (4, 0, 1)),
        (0, -3, "ero", (4, 1, 3)),
    ):
        part = data.get(S3GetObject("a/0.txt", offset, length))
        assert (part.text, part.size, part.range_info) == (text, len(text), RangeInfo(*where))
    with pytest.raises(MetaflowS3InvalidRange):
        data.get(S3GetObject("a/0.txt", 100, 2))
    assert data.get_many([S3GetObject("a/0.txt", 0, 1), "f/4.txt"])[0].text == "z"


def test_lists(data: S3, root: str) -> None:
    def said(results: Any) -> list[Any]:
        return [(result.key, result.prefix, result.exists, result.size) for result in results]

    assert [(path.key, path.exists) for path in data.list_paths()] == [
        ("a", False),
        ("ab", True),
        ("f", False),
        ("ü #?&+ ~x", True),
    ]
    assert said(data.list_paths(["a", "f"])) == [
        ("0.txt", f"{root}/a/", True, 4), ("b", f"{root}/a/", False, None), ("d", f"{root}/a/", False, None), ("4.txt", f"{root}/f/", True, 4)
    ]  # fmt: skip
    assert data.list_paths(["nope"]) == data.list_paths(["a/0.txt"]) == []
    assert said(data.list_recursive(["a"])) == [
        ("0.txt", f"{root}/a", True, 4),
        ("b/1.txt", f"{root}/a", True, 3),
        ("d/e/3.txt", f"{root}/a", True, 5),
    ]
    assert [result.key for result in data.list_recursive()] == [result.key for result in data.get_all()] == list(TREE)
    assert [(result.key, result.text) for result in data.get_recursive(["a/b", "f"])] == [
        ("1.txt", "one"),
        ("4.txt", "four"),
    ]
    [informed] = data.get_recursive(["a/b"], return_info=True)
    assert (informed.key, informed.has_info) == ("a/b/1.txt", True)


def test_put(data: S3, root: str, tmp_path: Path) -> None:
    assert data.put("text", "ü", content_type="text/x", metadata={"k": [1]}) == f"{root}/text"
    one = data.info("text")
    assert (one.size, one.content_type, one.metadata, one.downloaded, one.blob) == (
        2,
        "text/x",
        {"k": [1]},
        False,
        None,
    )
    assert data.get("text").metadata == {"k": [1]}
    data.put("bytes", b"\xff\x00")
    data.put("file", io.BytesIO(b"from a file"))
    data.put("none", "")
    assert [result.blob for result in data.get_many(["bytes", "file", "none"])] == [b"\xff\x00", b"from a file", b""]
    assert data.put("text", "other", overwrite=False) == f"{root}/text" and data.get("text").text == "ü"
    assert data.put_many([("x/1", "1"), ("x/2", b"2")]) == [("x/1", f"{root}/x/1"), ("x/2", f"{root}/x/2")]
    assert data.put_many([("x/2", "new"), ("x/3", "3")], overwrite=False) == [("x/3", f"{root}/x/3")]
    assert data.put_many([S3PutObject("x/4", "4", content_type="text/y", metadata={"a": "b"})]) == [
        ("x/4", f"{root}/x/4")
    ]
    assert (data.info("x/4").content_type, data.info("x/4").metadata, data.get("x/2").text) == (
        "text/y",
        {"a": "b"},
        "2",
    )
    (tmp_path / "local").write_text("local")
    assert data.put_files([("y/1", str(tmp_path / "local"))]) == [("y/1", f"{root}/y/1")]
    assert data.put_files([S3PutObject("y/1", path=str(tmp_path / "local"))], overwrite=False) == []
    for wrong in (5, None, ["x"], io.StringIO("text")):
        with pytest.raises(MetaflowS3InvalidObject):
            data.put_many([("z", "right"), ("wrong", wrong)])
    with pytest.raises(MetaflowS3NotFound, match="Local file not found"):
        data.put_files([("z", str(tmp_path / "local")), ("wrong", str(tmp_path / "nope"))])
    assert not data.get("z", return_missing=True).exists


def test_large_objects_go_in_parts(data: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3_bucket, "PART", 5 << 20)
    large = os.urandom(12 << 20)
    (tmp_path / "large").write_bytes(large)
    data.put_files([S3PutObject("large", path=str(tmp_path / "large"), metadata={"m": 1})])
    result = data.get("large")
    assert (
        result.blob == large
        and result.metadata == {"m": 1}
        and result.range_info == RangeInfo(len(large), 0, len(large))
    )
    assert data.get(S3GetObject("large", 6 << 20, -(6 << 20))).blob == large[6 << 20 :]
    assert data.put_files([("large", str(tmp_path / "large"))], overwrite=False) == []


def test_copies_vanish(root: str, tmp_path: Path) -> None:
    with S3(s3root=root, tmproot=str(tmp_path)) as data:
        path = data.get("a/0.txt").path
        assert path is not None and Path(path).exists() and Path(path).is_relative_to(tmp_path)
    assert not Path(path).exists() and not list(tmp_path.iterdir())


def test_whole_urls(root: str) -> None:
    with S3() as data:
        one = data.get(f"{root}/a/0.txt")
        assert (one.text, one.key, one.prefix) == ("zero", f"{root}/a/0.txt", None)
        assert [path.key for path in data.list_paths([f"{root}/a"])] == ["0.txt", "b", "d"]
        assert data.put(f"{root}/z", "z") == f"{root}/z"
        for call in (
            lambda: data.get("a/0.txt"),
            lambda: data.get(),
            lambda: data.get_all(),
            lambda: data.list_paths(),
            lambda: data.get("http://x/y"),
        ):
            with pytest.raises(MetaflowS3URLException):
                call()
    with S3(s3root=root) as data, pytest.raises(MetaflowS3URLException, match="absolute"):
        data.get(f"{root}/a/0.txt")
    with pytest.raises(MetaflowS3URLException, match="s3://"):
        S3(s3root="http://x")


def test_what_it_cannot_do_it_says(root: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in (
        {"role": "arn:aws:iam::1:role/x"},
        {"session_vars": {"aws_access_key_id": "x"}},
        {"client_params": {"verify": False}},
    ):
        with pytest.raises(MetaflowS3Exception, match="flowc's S3"):
            S3(s3root=root, **options)
    with S3(s3root=root, client_params={"endpoint_url": s3.url}) as data:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        assert data.get("a/0.txt").text == "zero"


def test_denied(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc.runtime_shim.contract.errors import StoreError

    def deny(*_: Any, **__: Any) -> Any:
        raise StoreError("s3://bucket: GET x failed: 403 AccessDenied Access Denied (may these credentials do this?)")

    monkeypatch.setattr(s3_bucket.Bucket, "_request", deny)
    with S3(s3root=root) as data, pytest.raises(MetaflowS3AccessDenied):
        data.get("a/0.txt")


FLOW = """
from metaflow import FlowSpec, S3, Run, current, step


class F(FlowSpec):
    @step
    def start(self):
        with S3(run=self) as s3:
            self.url = s3.put("model", "weights")
        self.next(self.end)

    @step
    def end(self):
        with S3(run=self) as s3:
            self.model = s3.get("model").text
        with S3(run=Run(f"F/{current.run_id}")) as s3:
            self.again = [each.key for each in s3.list_paths()]
"""


def test_in_a_step(tmp_path: Path, s3: S3Server, environment: None) -> None:
    """`run=self`: beside the datastore in S3, where there is no other place."""
    (tmp_path / "flow.py").write_text(FLOW)
    store = f"s3://{BUCKET}/{tmp_path.name}"
    flowc("run", "flow.py", "--store", store, "--run-id", "r", env=s3.environment, cwd=tmp_path, check=True)
    end = dump(store, env=s3.environment)["end"][0]["artifacts"]
    assert (end["url"]["repr"], end["model"]["repr"], end["again"]["repr"]) == (
        f"'{store}/data/F/r/model'",
        "'weights'",
        "['model']",
    )
    elsewhere = {**s3.environment, "METAFLOW_DATATOOLS_S3ROOT": f"s3://{BUCKET}/data"}
    flowc("run", "flow.py", "--run-id", "r", env=elsewhere, cwd=tmp_path, check=True)
    assert dump(tmp_path / ".flowc")["end"][0]["artifacts"]["url"]["repr"] == f"'s3://{BUCKET}/data/F/r/model'"
    failed = flowc("run", "flow.py", "--run-id", "s", env=s3.environment, cwd=tmp_path)
    assert failed.returncode == 1 and "set METAFLOW_DATATOOLS_S3ROOT=s3://BUCKET/PREFIX" in failed.stderr

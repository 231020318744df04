from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from flowc.targets.airflow.dag_folders import opened
from flowc.targets.operating import EngineError

from tests.support.s3_server import BUCKET, S3Server

NAME = "train_dag.py"


def check(url: str) -> None:
    """Checks what holds for each kind of folder."""
    folder = opened(url)
    assert folder.read(NAME) is None and folder.refusal() == ""
    folder.remove(NAME, "Delete")
    for text in ("one\n", "two 🎈\r\n", "three \udcff\n"):
        folder.write(NAME, text, "Deploy")
        file = opened(url).read(NAME)
        assert file is not None and file.text == text
    folder.remove(NAME, "Delete")
    assert folder.read(NAME) is None


def test_a_folder(tmp_path: Path) -> None:
    check(str(tmp_path))
    check(f"file://{tmp_path}")
    assert os.listdir(tmp_path) == []
    opened(str(tmp_path)).write(NAME, "text", "Deploy")
    file = opened(str(tmp_path)).read(NAME)
    assert file is not None and file.by and file.at.endswith("Z")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o666 & ~mask, "the server may read it"


def test_what_a_killed_deploy_has_left_goes_away(tmp_path: Path) -> None:
    old, new = tmp_path / f".{NAME}.1.part", tmp_path / f".{NAME}.2.part"
    old.write_text("")
    new.write_text("")
    os.utime(old, (time.time() - 7200,) * 2)
    opened(str(tmp_path)).write(NAME, "text", "Deploy")
    assert sorted(os.listdir(tmp_path)) == [new.name, NAME]


def test_a_bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    check(f"s3://{BUCKET}/airflow/dags")
    opened(f"s3://{BUCKET}/airflow/dags/").write(NAME, "text", "Deploy")
    assert s3.client().get_object(Bucket=BUCKET, Key=f"airflow/dags/{NAME}")["Body"].read() == b"text"


@pytest.mark.slow
def test_a_bucket_of_google(gs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gs.items():
        monkeypatch.setenv(name, value)
    check(f"gs://{BUCKET}/dags")
    opened(f"gs://{BUCKET}/dags").write(NAME, "text", "Deploy")
    file = opened(f"gs://{BUCKET}/dags").read(NAME)
    assert file is not None and file.at.endswith("Z")


def test_a_bucket_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    for name in names:
        monkeypatch.setenv(name, "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(EngineError, match="cannot read s3://bucket/dags/train_dag.py"):
        opened("s3://bucket/dags").read(NAME)
    with pytest.raises(EngineError, match="cannot be opened"):
        opened("s3://")


@pytest.mark.parametrize("place", ["nowhere", "git:nowhere", "ftp://host/dags"])
def test_a_place_that_is_not_there(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError, match="does not exist|cannot be opened"):
        opened(place)

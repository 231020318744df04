"""The code package: the standard library reads it, it is equal on every machine, and never leaves its folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile

import pytest
from flowc.compiler.ir.scopes import scopes
from flowc.compiler.package.archive import IR_NAME, BadName, Package, build, check_names

from tests.support.strategies import flow_of

FLOW = flow_of([("step", None)])


def package(files: dict[str, bytes]) -> Package:
    return build(FLOW, scopes(FLOW), files)


def test_tarfile_reads_it_back() -> None:
    long = "/".join(["folder" * 10] * 3) + "/file.py"
    files = {"flow.py": b"x = 1\n", "a/b.py": b"", "é.py": b"\xff" * 513, long: b"1"}
    built = package(files)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(built.compressed()))) as archive:
        members = archive.getmembers()
        contents = {member.name: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    assert json.loads(contents.pop(IR_NAME))["flow"]["name"] == "RandomFlow"
    assert contents == files
    assert {(member.mode, member.mtime, member.uid, member.uname) for member in members} == {(0o644, 0, 0, "")}


def test_digest_is_of_the_tar_and_independent_of_order() -> None:
    one, two = package({"a.py": b"1", "b.py": b"2"}), package({"b.py": b"2", "a.py": b"1"})
    assert one == two and one.digest == "sha256:" + hashlib.sha256(one.tar).hexdigest()
    assert one.file_name == one.digest[7:] + ".tar.gz"
    assert one.compressed() == two.compressed() and one.digest != package({"a.py": b"1", "b.py": b"3"}).digest


@pytest.mark.parametrize(
    "name", ["../x.py", "/x.py", "a//b", "a/./b", "", "x\0y", IR_NAME, "x" * 101, ("y" * 200 + "/") + "x" * 60]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(BadName) as refused:
        package({name: b""})
    with pytest.raises(BadName, match=re.escape(str(refused.value))):
        check_names({"flow.py": b"", name: b""})

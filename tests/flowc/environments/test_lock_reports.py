"""What `flowc lock` tells about locked packages: bills of materials, licences, and known vulnerabilities."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.version import Version

from flowc.environments import tags, versions
from flowc.environments.platforms import platform
from tests.support.conda_channel import HERE, Channel, library, python
from tests.support.package_index import PackageIndex, wheel
from tests.support.running import Done, flowc

from .locking import files, flow, lock, variables


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    info = "apple-1.5.dist-info"
    named = {"apple.py": "", f"{info}/licenses/LICENSE": "text"}
    with PackageIndex(
        wheel("apple", "1.5", files=named, headers=("License-Expression: MIT OR Apache-2.0",)),
        wheel(
            "pear-tree", "2.0", headers=("License: " + "a" * 100, "Classifier: License :: OSI Approved :: BSD License")
        ),
        wheel("plum", "1.0rc1"),
    ) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path, index: PackageIndex) -> Path:
    packages = "{'apple': '', 'pear_tree': '', 'plum': '1.0rc1'}"
    path = flow(
        tmp_path,
        start=f"@pypi(packages={packages}, python='{HERE}')",
        end=f"@pypi(packages={{'apple': ''}}, python='{HERE}')",
    )
    lock(path, index)
    return path


def report(path: Path, index: PackageIndex | None, *options: str, check: bool = True) -> Done:
    return flowc("lock", str(path), *options, env=variables(path.parent, index), check=check)


def test_a_bill_of_materials(path: Path, index: PackageIndex, tmp_path: Path) -> None:
    text = report(path, None, "--sbom", "cyclonedx").stdout
    found = json.loads(text)
    assert (found["bomFormat"], found["specVersion"], found["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "1.5",
        "F",
    )
    assert [each["purl"] for each in found["components"]] == [
        "pkg:pypi/apple@1.5?file_name=apple-1.5-py3-none-any.whl", "pkg:pypi/pear-tree@2.0?file_name=pear_tree-2.0-py3-none-any.whl",
        "pkg:pypi/plum@1.0rc1?file_name=plum-1.0rc1-py3-none-any.whl",
    ]  # fmt: skip
    apple = found["components"][0]
    (sha256,) = {
        line for line in files(path)["pylock.end-linux-amd64.toml"].split('"') if len(line) == 64 and line.isalnum()
    }
    assert apple["hashes"] == [{"alg": "SHA-256", "content": sha256}] and "licenses" not in apple
    assert [each["value"].split()[0] for each in apple["properties"]] == ["end", "start"]
    assert report(path, None, "--sbom", "cyclonedx").stdout == text, "no time and no random number"
    with_licenses = json.loads(report(path, index, "--sbom", "cyclonedx", "--licenses").stdout)
    assert [each.get("licenses") for each in with_licenses["components"]] == [
        [{"expression": "MIT OR Apache-2.0"}], [{"license": {"name": "BSD License"}}], None,
    ]  # fmt: skip
    assert with_licenses["serialNumber"] == found["serialNumber"]
    spdx = json.loads(report(path, None, "--sbom", "spdx").stdout)
    assert (spdx["spdxVersion"], spdx["creationInfo"]["created"]) == ("SPDX-2.3", "2026-01-01T00:00:00Z")
    assert [each["name"] for each in spdx["packages"]] == ["F", "apple", "pear-tree", "plum"]
    assert len(spdx["relationships"]) == 4
    index.add(wheel("apple", "1.6"))
    lock(path, index, "--upgrade")
    assert json.loads(report(path, None, "--sbom", "cyclonedx").stdout)["serialNumber"] != found["serialNumber"]


def test_licences(path: Path, index: PackageIndex) -> None:
    lines = [line.split(maxsplit=2) for line in report(path, index, "--licenses").stdout.splitlines()]
    assert [" ".join(line[2].split()) for line in lines[1:4]] == [
        "MIT OR Apache-2.0 License-Expression", "BSD License classifiers", "unknown -",
    ]  # fmt: skip
    assert "1 package of 3 state no licence" in report(path, index, "--licenses").stdout


def test_conda_in_reports(tmp_path: Path, index: PackageIndex) -> None:
    with Channel(python(), library("kiwi", "1.0", license="BSD-3-Clause")) as channel:
        (tmp_path / "pyproject.toml").write_text(f'[tool.flowc]\nchannels = ["{channel.url}"]\n')
        path = flow(
            tmp_path,
            start=f"@conda(packages={{'kiwi': ''}}, python='{HERE}')\n    @pypi(packages={{'plum': '1.0rc1'}})",
        )
        lock(path, index, env={"RATTLER_CACHE_DIR": str(tmp_path / "rattler")})
        found = json.loads(report(path, None, "--sbom", "cyclonedx").stdout)["components"]
        assert f"pkg:conda/kiwi@1.0?build=0&channel={channel.url}&subdir=noarch&type=tar.bz2" in [
            each["purl"] for each in found
        ]
        assert [{"license": {"name": "BSD-3-Clause"}}] in [each.get("licenses") for each in found]
    (tmp_path / "osv.json").write_text(json.dumps(osv("X-1", "plum", introduced="0")))
    done = report(path, None, "--audit", str(tmp_path / "osv.json"), check=False)
    assert (
        done.returncode == 1
        and "not compared, since the database does not know them: kiwi 1.0 (of conda)" in done.stdout
    )


def osv(
    id: str,
    name: str,
    versions: tuple[str, ...] = (),
    withdrawn: str = "",
    ecosystem: str = "PyPI",
    kind: str = "ECOSYSTEM",
    **events: str,
) -> dict[str, Any]:
    """A record in OSV's format; `events` are of one range."""
    ranges = [{"type": kind, "events": [{key: value} for key, value in events.items()]}] if events else []
    return {
        "id": id, "modified": "2026-02-03T00:00:00Z", "aliases": [f"CVE-{id}"], "summary": "bad",
        **({"withdrawn": withdrawn} if withdrawn else {}),
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "versions": list(versions), "ranges": ranges}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("record", "is_affected"),
    [
        (osv("A", "Apple", introduced="0", fixed="1.6"), True),
        (osv("A", "apple", introduced="0", fixed="1.5"), False),
        (osv("A", "apple", introduced="1.5.1"), False),
        (osv("A", "apple", introduced="1.0", last_affected="1.5.0"), True),
        (osv("A", "apple", introduced="1.0", last_affected="1.4"), False),
        (osv("A", "apple", ("1.5.0",)), True),
        (osv("A", "Pear_Tree", ("1.0", "2.0")), True),
        (osv("A", "plum", introduced="0", fixed="1.0"), True),  # a release candidate comes before
        (osv("A", "plum", introduced="1.0"), False),
        (osv("A", "apple", introduced="0", withdrawn="2026-01-01T00:00:00Z"), False),
        (osv("A", "apple", introduced="0", ecosystem="npm"), False),
        (osv("A", "apple", introduced="0", kind="GIT"), False),
        (osv("A", "other", introduced="0"), False),
    ],
)
def test_vulnerabilities(record: dict[str, Any], is_affected: bool, path: Path, tmp_path: Path) -> None:
    (tmp_path / "osv.json").write_text(json.dumps([record]))
    done = report(path, None, "--audit", str(tmp_path / "osv.json"), check=False)
    assert done.returncode == is_affected, done.stdout + done.stderr
    assert ("CVE-A" in done.stdout) == is_affected and "packages of PyPI, of 1 records" in done.stdout


def test_databases(path: Path, tmp_path: Path) -> None:
    records = {"A.json": osv("A", "apple", introduced="0", fixed="1.6"), "B.json": osv("B", "plum", introduced="0")}
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, one in records.items():
            archive.writestr(name, json.dumps(one))
            (tmp_path / "folder" / name).write_text(json.dumps(one))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = (tmp_path / "all.zip").read_bytes() if self.path == "/all.zip" else b""
            self.send_response(200 if data else 404)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/all.zip"
        shown = {
            report(path, None, "--audit", each, check=False).stdout
            for each in (str(tmp_path / "all.zip"), str(tmp_path / "folder"), url)
        }
        assert len(shown) == 1 and "2 known vulnerabilities in 3 packages" in shown.pop()
        missing = report(path, None, "--audit", url.replace("all", "none"), check=False)
    finally:
        server.shutdown()
        server.server_close()
    assert missing.returncode == 1 and "cannot be fetched" in missing.stderr
    (tmp_path / "text.txt").write_text("hello")
    for database, said in (
        ("missing.zip", "cannot be read"),
        ("text.txt", "neither JSON nor a zip"),
        ("flow.lock", "no records"),
    ):
        done = report(path, None, "--audit", str(tmp_path / database), check=False)
        assert done.returncode == 1 and said in done.stderr
    assert report(path, None, "--audit", url, "--licenses", check=False).returncode == 2


def test_reports_are_of_a_lock_that_fits(path: Path) -> None:
    path.write_text(path.read_text().replace("1.0rc1", "1.0rc2"))
    done = report(path, None, "--sbom", "spdx", check=False)
    assert done.returncode == 1 and "FLOW161" in done.stderr and not done.stdout


def test_versions_are_ordered_as_packaging_does() -> None:
    random.seed(7)
    parts = [
        ("", "1!"),
        ("1", "1.0", "1.0.1", "2.10", "2.9"),
        ("", "a1", "b2", "rc1", ".alpha.2"),
        ("", ".post1", "-2"),
        ("", ".dev3"),
        ("", "+cu121", "+cpu"),
    ]
    texts = ["".join(map(random.choice, parts)) for _ in range(300)]
    for one, other in zip(texts, texts[1:]):
        keys = versions.key(one), versions.key(other)
        assert keys[0] is not None and keys[1] is not None
        assert (keys[0] < keys[1], keys[0] == keys[1]) == (
            Version(one) < Version(other),
            Version(one) == Version(other),
        ), (one, other)


def test_of_several_wheels_the_one_that_an_installer_would_take(tmp_path: Path) -> None:
    place = "manylinux_2_17_x86_64.manylinux2014_x86_64"
    names = [
        f"cp312-cp312-{place}",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp37-abi3-manylinux_2_28_x86_64",
        "py3-none-any",
        "cp312-cp312-manylinux_2_34_x86_64",
    ]
    with PackageIndex(*(wheel("apple", "1.0", tag=each) for each in names)) as index:
        path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
        lock(path, index)
    (text,) = files(path).values()
    assert "/apple-1.0-cp312-cp312-manylinux_2_28_x86_64.whl" in text


def test_ranks_agree_with_packaging() -> None:
    from packaging.tags import compatible_tags, cpython_tags, parse_tag

    machines = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
    known = [*cpython_tags((3, 12), abis=["cp312"], platforms=machines), *compatible_tags((3, 12), "cp312", machines)]
    order = {each: at for at, each in enumerate(known)}
    candidates = [
        "cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "cp312-abi3-manylinux_2_12_x86_64", "cp39-abi3-manylinux_2_28_x86_64",
        "cp312-none-manylinux_2_5_x86_64", "py3-none-manylinux_2_28_x86_64", "py312-none-any", "py3-none-any", "cp312-none-any",
        "cp313-cp313-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_31_x86_64", "cp312-cp312-musllinux_1_1_x86_64", "py2-none-any",
    ]  # fmt: skip
    linux = platform("linux/amd64", "2.28")
    ranked = {each: tags.rank(f"a-1-{each}.whl", "3.12", linux) for each in candidates}
    for each in candidates:
        fits = min((order[tag] for tag in parse_tag(each) if tag in order), default=None)
        assert (ranked[each] is None) == (fits is None), each
    fitting = [each for each in candidates if ranked[each] is not None]
    mine = sorted(fitting, key=lambda each: ranked[each] or (), reverse=True)
    theirs = sorted(fitting, key=lambda each: min(order[tag] for tag in parse_tag(each) if tag in order))
    assert mine == theirs

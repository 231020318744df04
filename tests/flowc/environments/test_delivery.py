"""`flowc environment build`, and the environments in the specs of `flowc compile`."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.package_index import PackageIndex, wheel
from tests.support.running import Done, flowc

from .locking import files, flow, lock, variables

HERE = "{}.{}".format(*sys.version_info)
APPLE = f"@pypi(packages={{'apple': '1.0'}}, python='{HERE}')"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    tool = {
        "tool/__init__.py": "def main():\n    print('from the tool')\n",
        "tool-1.0.data/scripts/own.py": "#!python\nprint('own')\n",
    }
    wheels = [wheel("apple", "1.0"), wheel("tool", "1.0", tool, scripts="the-tool = tool:main")]
    wheels.append(wheel("broken", "1.0", {"broken/__init__.py": "", "broken/old.py": "print 'Python 2'\n"}))
    with PackageIndex(*wheels) as server:
        yield server


def build(
    path: Path,
    index: PackageIndex | None,
    output: Path,
    *options: str,
    check: bool = True,
    env: dict[str, str] | None = None,
) -> Done:
    shell = {**variables(path.parent, index), **(env or {})}
    return flowc("environment", "build", str(path), "--output", str(output), *options, env=shell, check=check)


def built(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "runtime" / "environments").iterdir())}


def digest(path: Path) -> str:
    (text,) = files(path).values()
    return text.split('\nenvironment = "')[1].split('"')[0]


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive}


def test_what_is_in_an_archive(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=f"@pypi(packages={{'tool': '', 'broken': ''}}, python='{HERE}')")
    lock(path, index)
    build(path, index, tmp_path / "out")
    name = digest(path).partition(":")[2]
    outputs = built(tmp_path / "out")
    assert sorted(outputs) == [f"{name}.json", f"{name}.tar.gz"]
    data = outputs[f"{name}.tar.gz"]
    description = json.loads(outputs[f"{name}.json"])
    assert (
        description["chunks"] == [hashlib.sha256(data).hexdigest()]
        and description["tar"] == hashlib.sha256(gzip.decompress(data)).hexdigest()
    )
    inside = members(data)
    root = f"opt/flowc/environments/{name}/"
    cache = f"cpython-{HERE.replace('.', '')}.pyc"
    names = {name.removeprefix(root) for name in inside}
    assert all(name.startswith(root) for name in inside) and list(inside) == sorted(inside)
    assert {
        "tool/__init__.py",
        f"tool/__pycache__/__init__.{cache}",
        "bin/the-tool",
        "bin/own.py",
        "broken/old.py",
    } <= names
    assert (
        not {
            f"broken/__pycache__/old.{cache}",
            ".lock",
            "tool-1.0.dist-info/INSTALLER",
            "tool-1.0.dist-info/direct_url.json",
        }
        & names
    )
    assert {(member.mtime, member.uid, member.gid, member.uname, member.isfile()) for member in inside.values()} == {
        (0, 0, 0, "", True)
    }
    assert inside[f"{root}bin/the-tool"].mode == 0o755 and inside[f"{root}tool/__init__.py"].mode == 0o644
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        texts = {name: archive.extractfile(f"{root}{name}").read() for name in names}  # type: ignore[union-attr]
    assert (
        texts["bin/the-tool"].startswith(b"#!/usr/bin/env python3\n")
        and texts["bin/own.py"] == b"#!/usr/bin/env python3\nprint('own')\n"
    )
    assert not any(os.fsencode(str(folder)) in text for text in texts.values() for folder in (tmp_path, sys.prefix))
    assert texts[f"tool/__pycache__/__init__.{cache}"][4:8] == b"\x01\0\0\0", (
        "taken without looking at the source (PEP 552)"
    )


def test_the_same_bytes_again(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path / "one", start=f"@pypi(packages={{'tool': '', 'apple': ''}}, python='{HERE}')")
    lock(path, index)
    build(path, index, tmp_path / "out")
    first = built(tmp_path / "out")
    elsewhere = {
        "TMPDIR": str(tmp_path / ("long" * 40)),
        "UV_CACHE_DIR": str(tmp_path / "another"),
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
    }
    Path(elsewhere["TMPDIR"]).mkdir()
    before = os.umask(0o077)
    try:
        build(path, index, tmp_path / "again", env=elsewhere)
    finally:
        os.umask(before)
    assert built(tmp_path / "again") == first
    assert ": exists" in build(path, None, tmp_path / "out").stdout, "without an index"
    build(path, index, tmp_path / "out", "--again")
    assert built(tmp_path / "out") == first


def test_what_a_package_must_not_do_while_it_is_built(tmp_path: Path, index: PackageIndex) -> None:
    """Modules may have names of Python's own. Compiling them does not import them."""
    ruin = f"import pathlib\npathlib.Path({str(tmp_path / 'ruined')!r}).write_text('')\n"
    evil = {f"{name}.py": ruin for name in ("compileall", "struct", "importlib", "sitecustomize", "evil")}
    index.add(
        wheel(
            "evil",
            "1.0",
            {**evil, "evil.pth": f"import pathlib; pathlib.Path({str(tmp_path / 'ruined')!r}).write_text('')\n"},
        )
    )
    path = flow(tmp_path, start=f"@pypi(packages={{'evil': ''}}, python='{HERE}')")
    lock(path, index)
    build(path, index, tmp_path / "out")
    assert not (tmp_path / "ruined").exists()


@pytest.mark.parametrize("name", ["../../escaped", "a/../../b", "x\ny", "$(touch z)"])
def test_scripts_with_hostile_names_are_kept_out(name: str, tmp_path: Path, index: PackageIndex) -> None:
    index.add(wheel("hostile", "1.0", scripts=f"{name} = hostile:main\nfine = hostile:__import__('os').system"))
    path = flow(tmp_path, start=f"@pypi(packages={{'hostile': ''}}, python='{HERE}')")
    lock(path, index)
    done = build(path, index, tmp_path / "out", check=False)
    if done.returncode == 0:  # otherwise uv has refused it
        inside = members(built(tmp_path / "out")[f"{digest(path).partition(':')[2]}.tar.gz"])
        assert not any(".." in name or "\n" in name for name in inside)
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_datastore_with_archives_has_no_flow_of_their_name(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE)
    lock(path, index)
    store = ["--store", str(tmp_path / "store")]
    flowc("environment", "build", str(path), *store, env=variables(tmp_path, index), check=True)
    flowc("run", str(path), *store, env=variables(tmp_path, index), check=True)
    assert "runtime" not in flowc("gc", "--keep", "0", *store, check=True).stdout
    flowc("gc", "--keep", "0", "--delete", *store, check=True)
    assert len(built(tmp_path / "store")) == 2


def test_a_wheel_of_another_machine(tmp_path: Path, index: PackageIndex) -> None:
    index.add(wheel("native", "1.0", tag=f"cp{HERE.replace('.', '')}-cp{HERE.replace('.', '')}-manylinux_2_17_aarch64"))
    path = flow(tmp_path, start=f"@pypi(packages={{'native': ''}}, python='{HERE}')")
    lock(path, index, "--platform", "linux/arm64,darwin/arm64", check=False)
    lock(path, index, "--platform", "linux/arm64")
    build(path, index, tmp_path / "out")
    assert json.loads(built(tmp_path / "out")[f"{digest(path).partition(':')[2]}.json"])["platform"] == "linux/arm64"


def test_build_refuses_what_is_not_locked(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE)
    done = build(path, index, tmp_path / "out", check=False)
    assert done.returncode == 1 and "[FLOW160]" in done.stderr
    lock(path, index)
    flow(tmp_path, start=APPLE.replace("1.0", "2.0"))
    done = build(path, index, tmp_path / "out", check=False)
    assert done.returncode == 1 and "[FLOW161]" in done.stderr and not (tmp_path / "out").exists()
    assert flowc("environment", "make", str(path)).returncode == flowc("environment", "build").returncode == 2


def test_a_disk_that_is_full_while_it_is_built(tmp_path: Path) -> None:
    path = flow(tmp_path, start=APPLE)
    with PackageIndex(wheel("apple", "1.0", {"apple.py": "", "big.txt": os.urandom(1_500_000).hex()})) as index:
        lock(path, index)
        build(path, index, tmp_path / "cached")  # by uv
        env = {**os.environ, **variables(tmp_path, index)}
        words = f"{sys.executable} -m flowc environment build {path} --output {tmp_path / 'out'}"
        done = subprocess.run(["sh", "-c", f"ulimit -f 1000; exec {words}"], env=env, capture_output=True, text=True)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert not list((tmp_path / "out").rglob("*.json"))
        build(path, index, tmp_path / "out")
    assert built(tmp_path / "out") == built(tmp_path / "cached")


# ── specs ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def compiled(path: Path, target: str, *options: str) -> tuple[Done, str]:
    """Returns the printed text, and the specs' text."""
    done = flowc(
        "compile",
        str(path),
        "--target",
        target,
        "--store",
        "s3://b/p",
        "--output",
        str(path.parent / "build"),
        *options,
    )
    folder = path.parent / "build" / target
    return done, "".join(
        path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    ) if folder.exists() else ""


@pytest.mark.parametrize("target", ["argo", "airflow", "step-functions"])
def test_each_step_names_its_environment(target: str, tmp_path: Path, index: PackageIndex) -> None:
    path = flow(
        tmp_path,
        base=APPLE.replace("@pypi", "@pypi_base"),
        start="@pypi(packages={'tool': ''})",
        end="@pypi(disabled=True)",
    )
    lock(path, index, "--platform", "linux/arm64,linux/amd64,darwin/arm64")
    done, text = compiled(path, target, "--image", f"python:{HERE}-slim")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    locks = {name: text.split('\nenvironment = "')[1].split('"')[0] for name, text in files(path).items()}
    machines = ("amd64", "arm64")
    assert text.count("FLOWC_PACKAGES") == 1
    assert " ".join(f"linux/{machine}={locks[f'pylock.start-linux-{machine}.toml']}" for machine in machines) in text
    assert f"flowc environment build {path} --store s3://b/p" in done.stdout
    assert compiled(path, target, "--image", f"python:{HERE}-slim")[1] == text


@pytest.mark.parametrize("target", ["argo", "airflow", "step-functions"])
def test_none_and_no_lock(target: str, tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE)
    done, without = compiled(path, target, "--image", "trainer:3")
    assert (
        done.returncode == 0
        and "[FLOW160]" in done.stderr
        and "[FLOW501]" in done.stderr
        and "FLOWC_PACKAGES" not in without
    )
    done, _ = compiled(path, target, "--image", "trainer:3", "--environments", "archive")
    assert done.returncode == 1 and "error[FLOW160]" in done.stderr
    lock(path, index)
    done, text = compiled(path, target, "--image", "trainer:3", "--environments", "none")
    assert done.returncode == 0 and "warning[FLOW501]" in done.stderr and text == without


@pytest.mark.parametrize("target", ["argo", "airflow", "step-functions"])
def test_a_missing_or_stale_lock_is_one_problem(target: str, tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE, end="@pypi(packages={'apple': '2.0'})")
    done, text = compiled(path, target)
    assert done.returncode == 1 and not text and "1 error;" in done.stderr, done.stderr
    assert "error[FLOW160]: the packages of `start`, `end` are not locked" in done.stderr
    assert f"run `flowc lock {path}`; or give images" in done.stderr
    path = flow(tmp_path, start=APPLE)
    lock(path, index)
    flow(tmp_path, start=APPLE, base="@pypi_base(packages={'apple': '1.0'})")
    done, _ = compiled(path, target)
    assert done.returncode == 1 and "error[FLOW161]" in done.stderr and "1 error;" in done.stderr, done.stderr


def test_an_image_with_another_python(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE)
    lock(path, index)
    done, text = compiled(path, "argo", "--image", "registry/python:3.6.1-slim")
    assert (
        done.returncode == 0 and f"for Python {HERE}, and its image `registry/python:3.6.1-slim` has 3.6" in done.stderr
    )
    assert "warning[FLOW164]" in done.stderr and "FLOWC_PACKAGES" in text


def test_a_lock_for_other_systems_only(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE)
    lock(path, index, "--platform", "darwin/arm64")
    done, text = compiled(path, "argo")
    assert done.returncode == 1 and "not locked for Linux" in done.stderr and not text

"""Environments with packages of conda, from a channel on loopback: locked, run here, built, and entered by a task."""

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.environments import description, relocate, unpack
from flowc.runtime_shim.environments.description import Description
from flowc.runtime_shim.store import open_store

from flowc.flow_source import load_flow
from flowc.runtime_bundle import bundle
from flowc.targeting import package_of
from tests.support.conda_channel import HERE, PLACEHOLDER, Channel, library, package, python
from tests.support.package_index import PackageIndex, wheel
from tests.support.running import Done, flowc

from .locking import files, flow, lock, variables

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLACED = PLACEHOLDER.encode()
CLIB = package(
    "clib", "1.0",
    {
        "lib/libx.so.1": b"\x7fELF\0" + PLACED + b"/share:" + PLACED + b"\0rest\0", "lib/libx.so": ("link", "libx.so.1"),
        "bin/tool": b"#!" + PLACED + b"/bin/python\nprint('tool', open('" + PLACED + b"/share/x.txt').read())\n",
        "share/x.txt": b"root=" + PLACED, "share/X.txt": b"another file",
    },
    prefixes={"lib/libx.so.1": "binary", "bin/tool": "text", "share/x.txt": "text"}, executable=("bin/tool",), license="MIT",
)  # fmt: skip


@pytest.fixture
def channel() -> Iterator[Channel]:
    with Channel(
        python(),
        python(subdir="linux-aarch64"),
        CLIB,
        library("apple", "1.0"),
        library("apple", "2.0", text="__version__ = '2.0'\n\n\ndef main():\n    print('apple', __version__)\n",
                depends=("python >=3.9", "clib"), entry_points=("apple-cli = apple:main",)),
        library("modern", "1.0", depends=("python >=3.9", "__glibc >=2.34")),
    ) as server:  # fmt: skip
        yield server


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(wheel("pear", "1.0", requires=("apple",)), wheel("apple", "9.0"), wheel("plum", "1.0")) as server:
        yield server


def settings(folder: Path, channel: Channel, more: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[tool.flowc]\nchannels = ["{channel.url}"]\npython = "{HERE}"\n{more}\n')


def env_of(folder: Path) -> dict[str, str]:
    return {"RATTLER_CACHE_DIR": str(folder / "rattler")}


def conda(path: Path, name: str = "") -> dict[str, str]:
    """The conda packages of the only lock, or that one."""
    text = next(text for file, text in files(path).items() if name in file)
    return {each["name"]: each["version"] for each in tomllib.loads(text)["tool"]["flowc"].get("conda-packages", [])}


def locked(path: Path, index: PackageIndex | None = None, *options: str, check: bool = True) -> Done:
    return lock(path, index, *options, env=env_of(path.parent), check=check)


VERSION = "{}.{}.{}".format(*sys.version_info)


def test_what_is_written(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'apple': '>=1'}}, python='{VERSION}')")
    locked(path)
    (text,) = files(path).values()
    data = tomllib.loads(text)
    own = data["tool"]["flowc"]
    assert conda(path) == {"apple": "2.0", "clib": "1.0", "python": VERSION}
    assert own["channels"] == [channel.url] and own["conda"] == {"apple": ">=1", "python": f"=={VERSION}"}
    clib = next(each for each in own["conda-packages"] if each["name"] == "clib")
    assert clib == {
        "name": "clib", "version": "1.0", "build": "0", "subdir": "linux-64", "license": "MIT",
        "archive": {"url": f"{channel.url}/linux-64/clib-1.0-0.tar.bz2", "size": len(CLIB[2]), "hashes": {"sha256": CLIB[3]["sha256"]}},
    }  # fmt: skip
    before = list(channel.requests)
    assert "nothing changed" in locked(path).stdout and channel.requests == before, "no channel is asked"
    assert flowc("check", str(path)).returncode == 0
    flow(tmp_path, start=f"@conda(packages={{'apple': '1.0'}}, python='{VERSION}')")
    done = flowc("check", str(path), check=False)
    assert done.returncode == 1 and "conda's `apple` as `>=1`, but the flow asks for `==1.0`" in done.stderr
    settings(tmp_path, channel, "")
    text = (tmp_path / "pyproject.toml").read_text().replace(channel.url, "https://host/other")
    (tmp_path / "pyproject.toml").write_text(text)
    assert "not https://host/other" in flowc("check", str(path), check=False).stderr


def test_versions_are_kept(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'apple': ''}}, python='{HERE}')")
    locked(path)
    channel.add(library("apple", "3.0"), library("kiwi", "1.0"))
    flow(tmp_path, start=f"@conda(packages={{'apple': '', 'kiwi': ''}}, python='{HERE}')")
    fresh = {"RATTLER_CACHE_DIR": str(tmp_path / "fresh")}
    lock(path, env=fresh)
    assert conda(path)["apple"] == "2.0"
    lock(path, None, "--upgrade-package", "apple", env=fresh)
    assert conda(path) == {"apple": "3.0", "kiwi": "1.0", "python": VERSION}
    flow(tmp_path, start=f"@conda(packages={{'apple': '<2', 'kiwi': ''}}, python='{HERE}')")
    lock(path, env=fresh)
    assert conda(path)["apple"] == "1.0"


def test_platforms_and_the_c_library(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'apple': '1.0'}}, python='{HERE}')")
    locked(path, None, "--platform", "linux/amd64,linux/arm64")
    assert list(files(path)) == ["pylock.start-linux-amd64.toml", "pylock.start-linux-arm64.toml"]
    assert "linux-aarch64/python" in files(path)["pylock.start-linux-arm64.toml"]
    flow(tmp_path, start=f"@conda(packages={{'modern': ''}}, python='{HERE}')")
    done = locked(path, None, "--platform", "linux/amd64", check=False)
    assert done.returncode == 1 and "FLOW163" in done.stderr and "__glibc" in done.stderr
    locked(path, None, "--platform", "linux/amd64", "--glibc", "2.35")


@pytest.mark.parametrize(
    ("version", "said"), [("==7", "No candidates were found for apple ==7"), ("nonsense!!", "apple")]
)
def test_what_cannot_be_solved(version: str, said: str, tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'apple': '{version}'}}, python='{HERE}')")
    done = locked(path, check=False)
    assert done.returncode == 1 and "error[FLOW163]" in done.stderr and said in done.stderr


def test_a_channel_that_cannot_be_used(tmp_path: Path, channel: Channel) -> None:
    path = flow(tmp_path, start=f"@conda(packages={{'apple': ''}}, python='{HERE}')")
    for url, said in (("http://127.0.0.1:9/none", "cannot be reached"), ("https://me:secret@host/c", "holds a user")):
        (tmp_path / "pyproject.toml").write_text(f'[tool.flowc]\nchannels = ["{url}"]\n')
        done = locked(path, check=False)
        assert done.returncode == 1 and said in done.stderr and "secret" not in done.stderr


def test_without_the_library(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'apple': ''}}, python='{HERE}')")
    (tmp_path / "hidden/rattler").mkdir(parents=True)
    (tmp_path / "hidden/rattler/__init__.py").write_text("raise ImportError\n")
    done = lock(path, env={"PYTHONPATH": str(tmp_path / "hidden")}, check=False)
    assert done.returncode == 1 and "install `flowc[conda]`" in done.stderr


def test_a_run_with_both_kinds(tmp_path: Path, channel: Channel, index: PackageIndex) -> None:
    settings(tmp_path, channel)
    path = flow(
        tmp_path,
        base=f"@conda_base(packages={{'apple': '2.0'}}, python='{HERE}')",
        start="@pypi(packages={'pear': ''})",
        end="@conda(disabled=True)",
        body="import apple, pear, sys, os, subprocess\n"
        "self.found = apple.__version__, pear.__version__, os.path.basename(sys.prefix), os.environ['CONDA_PREFIX']\n"
        "self.said = subprocess.check_output('apple-cli; tool', shell=True, text=True).split()",
        last="import sys\nself.prefix = sys.prefix",
    )
    locked(path, index)
    (text,) = files(path).values()
    data = tomllib.loads(text)
    assert [each["name"] for each in data["packages"]] == ["pear"], "conda has `apple` already"
    assert conda(path) == {"apple": "2.0", "clib": "1.0", "python": VERSION}
    digest = data["tool"]["flowc"]["environment"].partition(":")[2]
    store, env = str(tmp_path / "store"), {**variables(tmp_path, index), **env_of(tmp_path)}
    done = flowc("run", str(path), "--store", store, "--run-id", "one", env=env)
    assert done.returncode == 0, done.stderr
    place = tmp_path / "cache/environments" / digest
    shown = flowc("dump", "one/start", "--store", store).stdout
    assert f"('2.0', '1.0', '{digest}', '{place}')" in shown
    assert f"['apple', '2.0', 'tool', 'root={place}']" in shown
    assert f"prefix  '{place}" not in flowc("dump", "one/end", "--store", store).stdout
    data_of_library = (place / "lib/libx.so.1").read_bytes()
    assert f"{place}/share:{place}\0".encode() in data_of_library and len(data_of_library) == len(PLACED) * 2 + 18
    again = flowc("run", str(path), "--store", store, env=env)
    assert "installing" not in again.stderr


def built(path: Path, index: PackageIndex | None, folder: Path, check: bool = True) -> Done:
    env = {**variables(path.parent, index), **env_of(path.parent)}
    return flowc("environment", "build", str(path), "--output", str(folder), env=env, check=check)


def test_an_archive(tmp_path: Path, channel: Channel, index: PackageIndex) -> None:
    settings(tmp_path, channel)
    path = flow(
        tmp_path, start=f"@conda(packages={{'apple': '2.0'}}, python='{HERE}')\n    @pypi(packages={{'plum': ''}})"
    )
    locked(path, index)
    built(path, index, tmp_path / "one")
    (one,) = (tmp_path / "one").rglob("*.tar.gz")
    env = {**variables(tmp_path, index), "RATTLER_CACHE_DIR": str(tmp_path / "elsewhere/deeper")}
    flowc("environment", "build", str(path), "--output", str(tmp_path / "two"), env=env, check=True)
    (two,) = (tmp_path / "two").rglob("*.tar.gz")
    assert one.read_bytes() == two.read_bytes(), "from different caches"
    digest = one.name.partition(".")[0]
    plain = f"opt/flowc/environments/{digest}"
    with tarfile.open(one) as archive:
        members = {each.name[len(plain) + 1 :]: each for each in archive}

        def read(name: str) -> bytes:
            file = archive.extractfile(f"{plain}/{name}")
            assert file is not None
            return file.read()

        assert members["lib/libx.so"].linkname == "libx.so.1" and members["bin/python"].linkname == f"python{HERE}"
        assert read("share/x.txt") == f"root=/{plain}".encode() and read("share/X.txt") == b"another file"
        padded = relocate.padded(f"/{plain}")
        assert len(padded) == relocate.LENGTH and os.path.normpath(padded) == f"/{plain}"
        assert f"{padded}/share:{padded}\0".encode() in read("lib/libx.so.1")
        assert f"lib/python{HERE}/site-packages/plum.py" in members
        assert f"lib/python{HERE}/site-packages/__pycache__/apple.{sys.implementation.cache_tag}.pyc" in members
        assert str(tmp_path).encode() not in b"".join(read(each) for each in members if members[each].isfile())
    about = json.loads((one.parent / f"{digest}.json").read_text())
    assert about["kind"] == "conda" and ["lib/libx.so.1", "binary"] in about["moving"]
    assert "exists" in built(path, index, tmp_path / "one").stdout


def test_a_task_enters_the_environment(tmp_path: Path, channel: Channel, index: PackageIndex) -> None:
    """The spec's step starts with this Python, and runs in that of its environment, with nothing but the store."""
    settings(tmp_path, channel)
    path = flow(
        tmp_path, start=f"@conda(packages={{'apple': '2.0'}}, python='{HERE}')",
        body="import apple, sys, os, subprocess\nself.found = sys.prefix, apple.__version__\n"
        "self.said = subprocess.check_output('apple-cli; tool', shell=True, text=True).split()",
    )  # fmt: skip
    locked(path, index)
    store = tmp_path / "store"
    built(path, index, store)
    (archive,) = store.rglob("*.tar.gz")
    digest = archive.name.partition(".")[0]
    done = flowc(
        "compile", str(path), "--target", "argo", "--store", "s3://bucket/x", "--output", str(tmp_path / "out"),
        check=True,
    )  # fmt: skip
    spec = "".join(each.read_text() for each in (tmp_path / "out").rglob("*.yaml"))
    assert f"linux/amd64=conda:sha256:{digest}" in spec, done.stderr
    package_made = package_of(load_flow(str(path)))
    code_package.put(open_store(str(store)), "F", package_made.digest, package_made.compressed())
    variables_of_task = {
        "PATH": "/usr/bin:/bin", "FLOWC_STORE": str(store), "FLOWC_FLOW": "F", "FLOWC_RUN": "one", "FLOWC_CODE": package_made.digest,
        "FLOWC_PACKAGES": f"linux/amd64=conda:sha256:{digest}", "FLOWC_CACHE": str(tmp_path / "node"), "HOME": str(tmp_path),
    }  # fmt: skip
    shim = tmp_path / "shim"
    for name, data in bundle():
        (shim / name).parent.mkdir(parents=True, exist_ok=True)
        (shim / name).write_bytes(data)
    command = [sys.executable, "-S", str(shim), "task", "--step", "start", "--path", "0"]
    ended = subprocess.run(command, env=variables_of_task, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    shown = flowc("dump", "one/start", "--store", str(store)).stdout
    place = tmp_path / "node/unpacked" / digest
    made_by = flowc("dump", "one/start", "--environment", "--json", "--store", str(store)).stdout
    assert digest in made_by and '"apple": "2.0"' in made_by, made_by
    assert f"('{place}', '2.0')" in shown and f"['apple', '2.0', 'tool', 'root={place}']" in shown
    assert f"{place}/share:{place}\0".encode() in (place / "lib/libx.so.1").read_bytes()


def test_runs_and_tasks_that_race(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'apple': '2.0'}}, python='{HERE}')", body="import apple")
    locked(path)
    env = {**variables(tmp_path), **env_of(tmp_path)}
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: flowc("run", str(path), "--store", str(tmp_path / "store"), env=env), range(3)))
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    assert sum("installing" in each.stderr for each in done) == 1
    built(path, None, tmp_path / "archives")
    (about,) = (tmp_path / "archives").rglob("*.json")
    store = open_store(str(tmp_path / "archives"))
    found = description.read(store, about.name.removesuffix(".json"))
    assert found is not None
    folder = tmp_path / "node" / about.name.removesuffix(".json")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: unpack.unpack(store, found, str(folder)), range(4)))
    assert [each.name for each in (tmp_path / "node").iterdir()] == [folder.name]
    assert (folder / "share/x.txt").read_text() == f"root={folder}"


def test_an_archive_for_the_other_kind_of_machine(tmp_path: Path, channel: Channel, index: PackageIndex) -> None:
    settings(tmp_path, channel)
    path = flow(
        tmp_path, start=f"@conda(packages={{'apple': '1.0'}}, python='{HERE}')\n    @pypi(packages={{'plum': ''}})"
    )
    locked(path, index, "--platform", "linux/arm64")
    built(path, index, tmp_path / "one")
    (found,) = (tmp_path / "one").rglob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {each.name.partition("/lib/")[2] for each in archive}
    site = f"python{HERE}/site-packages"
    assert {f"{site}/apple.py", f"{site}/plum.py"} <= names
    about = json.loads((found.parent / f"{found.name.partition('.')[0]}.json").read_text())
    assert (about["platform"], about["kind"]) == ("linux/arm64", "conda")
    if sys.platform == "linux" and os.uname().machine == "x86_64":
        done = flowc(
            "run", str(path), "--store", str(tmp_path / "store"), env={**variables(tmp_path), **env_of(tmp_path)}
        )
        assert done.returncode == 1 and "has no environment `start` for this machine (linux/amd64)" in done.stderr


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def plain_file(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = 1
    return member


def hostile(kind: str, outside: Path) -> tuple[str, str, bytes, dict[str, object]]:
    """Returns a package that would write to `outside`, or lead there."""
    if kind == "a name that escapes":
        return package(
            "evil", files={"share/x": b"x"}, raw=(plain_file("../" * 12 + str(outside / "made").lstrip("/")),)
        )
    if kind == "an absolute name":
        return package("evil", files={"share/x": b"x"}, raw=(plain_file(str(outside / "made")),))
    if kind == "a listed path that escapes":
        name = "../" * 12 + str(outside / "made").lstrip("/")
        made = package("evil", files={name: b"x"}, raw=())
        return made
    if kind == "a link out of it":
        return package("evil", files={"share/out": ("link", str(outside))})
    if kind == "a relative link out of it":
        return package("evil", files={"share/out": ("link", "../" * 12 + str(outside).lstrip("/"))})
    return package("evil", files={"share/out": ("link", str(outside)), "share/out/made": b"x"})


@pytest.mark.parametrize(
    "kind",
    [
        "a name that escapes", "an absolute name", "a listed path that escapes", "a link out of it",
        "a relative link out of it", "a file below a link",
    ],
)  # fmt: skip
def test_hostile_packages(kind: str, tmp_path: Path, channel: Channel) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    channel.add(hostile(kind, outside))
    settings(tmp_path / "flow", channel)
    path = flow(tmp_path / "flow", start=f"@conda(packages={{'evil': ''}}, python='{HERE}')")
    locked(path)
    done = built(path, None, tmp_path / "built", check=False)
    env = {**variables(path.parent), **env_of(path.parent)}
    ran = flowc("run", str(path), "--store", str(tmp_path / "store"), env=env, check=False)
    assert list(outside.iterdir()) == [], "nothing is written outside"
    for one in (done, ran):  # refused, or harmless: the member is left out
        assert one.returncode == 0 or "cannot be installed" in one.stderr or "is not in the environment" in one.stderr
    if "link out" in kind:
        assert done.returncode == ran.returncode == 1


def test_a_package_that_is_not_what_was_locked(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    path = flow(tmp_path, start=f"@conda(packages={{'clib': ''}}, python='{HERE}')")
    locked(path)
    subdir, file, _, entry = CLIB
    other = package("clib", "1.0", {"share/other": b"other"})[2]
    channel.packages[subdir, file] = (other, entry)
    done = built(path, None, tmp_path / "built", check=False)
    assert done.returncode == 1 and "clib" in done.stderr and not list((tmp_path / "built").rglob("*.tar.gz"))


def test_files_of_both_kinds(tmp_path: Path, channel: Channel) -> None:
    settings(tmp_path, channel)
    channel.add(library("other", "1.0", text="__version__ = 'conda'\n"))
    path = flow(
        tmp_path, start=f"@conda(packages={{'other': ''}}, python='{HERE}')\n    @pypi(packages={{'same': ''}})"
    )
    with PackageIndex(wheel("same", "1.0", files={"other.py": "__version__ = 'pypi'\n"})) as index:
        locked(path, index)
        done = built(path, index, tmp_path / "built", check=False)
    assert done.returncode == 1 and "both hold `lib/python" in done.stderr


def test_an_environment_file(tmp_path: Path, channel: Channel, index: PackageIndex) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\ndependencies = "environment.yml"\n')
    text = f"channels: [{channel.url}]\ndependencies:\n- python={HERE}\n- apple<2\n- pip:\n  - plum\n"
    (tmp_path / "environment.yml").write_text(text)
    path = flow(tmp_path)
    locked(path, index)
    assert conda(path, "base") == {"apple": "1.0", "python": VERSION}
    (made,) = files(path).values()
    assert [each["name"] for each in tomllib.loads(made)["packages"]] == ["plum"]
    assert flowc("check", str(path)).returncode == 0
    (tmp_path / "environment.yml").write_text(text.replace("apple<2", "apple"))
    assert "conda's `apple` as `<2`" in flowc("check", str(path), check=False).stderr


def archive_of(*members: tuple[str, str], digest: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, target in members:
            if target:
                archive.addfile(link(f"opt/flowc/environments/{digest}/{name}", target))
            else:
                archive.addfile(plain_file(f"opt/flowc/environments/{digest}/{name}"), io.BytesIO(b"x"))
    return made.getvalue()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("a", "/etc")], "leads out of it"),
        ([("a", "../../b")], "leads out of it"),
        ([("d", "."), ("l", "d/..")], "leads out of it"),
        ([("l", "d/.."), ("d", ".")], "leads out of it"),
        ([("b/z", ""), ("a", "b"), ("a/x", "y")], "below a link"),
        ([("a", ""), ("a", "b")], "twice"),
    ],
)
def test_links_of_a_damaged_archive(members: list[tuple[str, str]], said: str, tmp_path: Path) -> None:
    digest = "ab" * 32
    data = gzip.compress(archive_of(*members, digest=digest))
    chunks = [hashlib.sha256(data).hexdigest()]
    found = Description(digest, HERE, "linux/amd64", "", len(data), chunks, 10, len(members), "", "conda")
    store = open_store(str(tmp_path / "store"))
    store.put(description.archive_name(digest), data)
    with pytest.raises(ShimError, match=said):
        unpack.unpack(store, found, str(tmp_path / "node" / digest))
    assert [each for each in tmp_path.rglob("*") if each.is_symlink()] == [] and not (
        tmp_path / "node" / digest
    ).exists()

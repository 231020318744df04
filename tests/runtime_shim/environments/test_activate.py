"""A task's own environment: it is chosen, checked and unpacked once, and never from a damaged archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.environments import activate, description
from flowc.runtime_shim.environments.description import Description
from flowc.runtime_shim.store import open_store

from tests.support.container import Container
from tests.support.running import LIMIT, artifacts, until
from tests.support.s3_server import BUCKET, s3_server

PYTHON = "{}.{}".format(*sys.version_info)
HERE = activate._here()
NAME = "ab" * 32
ROOT = f"opt/flowc/environments/{NAME}"
FILES = {
    "apple/__init__.py": "__version__ = '1.0'\n", "apple/data.txt": "x" * 100_000, "hooked.pth": "import os; os.environ['HOOKED'] = 'yes'\n",
    "apple-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: apple\nVersion: 1.0\n", "bin/the-tool": "#!/bin/sh\necho from the tool\n",
}  # fmt: skip
FLOW = """
from metaflow import FlowSpec, step
import apple

class F(FlowSpec):
    @step
    def start(self):
        import importlib.util, os, subprocess, sys
        self.version = apple.__version__
        self.place = apple.__file__
        self.tool = subprocess.run(["the-tool"], capture_output=True, text=True).stdout
        self.child = subprocess.run([sys.executable, "-c", "import apple; print(apple.__version__)"], capture_output=True, text=True).stdout
        self.hidden = importlib.util.find_spec("pytest") is None
        self.hooked = os.environ.get("HOOKED")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def tar(files: dict[str, str], root: str = ROOT, end: bool = True) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{root}/{name}")
            member.size, member.mode = len(text), 0o755 if "bin/" in name else 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
        size = archive.offset
    return buffer.getvalue() if end else buffer.getvalue()[:size]


def put(url: str, content: bytes, files: int, unpacked: int, **changed: str) -> bytes:
    """Writes an archive with that content and its description. Returns the archive's bytes."""
    data = gzip.compress(content, mtime=0)
    chunks = [
        hashlib.sha256(data[at : at + description.CHUNK]).hexdigest() for at in range(0, len(data), description.CHUNK)
    ]
    fields = {"python": PYTHON, "platform": HERE, "glibc": "", **changed}
    written = Description(
        f"sha256:{NAME}",
        fields["python"],
        fields["platform"],
        fields["glibc"],
        len(data),
        chunks,
        unpacked,
        files,
        hashlib.sha256(content).hexdigest(),
    )
    store = open_store(url)
    store.put(description.archive_name(NAME), data)
    store.put(description.description_name(NAME), description.dumps(written))
    return data


def put_files(url: str, files: dict[str, str] | None = None, **changed: str) -> bytes:
    contents = files or FILES
    return put(url, tar(contents), len(contents), sum(map(len, contents.values())), **changed)


class Task(Container):
    def __init__(self, folder: Path, store: str = "", env: dict[str, str] | None = None) -> None:
        variables = {"FLOWC_PACKAGES": f"{HERE}=sha256:{NAME}", "FLOWC_CACHE": str(folder / "cache"), **(env or {})}
        super().__init__(FLOW, folder, store, variables)
        self.archive = folder / "store" / "runtime" / "environments" / f"{NAME}.tar.gz"

    def unpacked(self) -> list[str]:
        folder = self.folder / "cache" / "unpacked"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    created = Task(tmp_path)
    put_files(str(tmp_path / "store"))
    yield created


def values(task: Task) -> dict[str, object]:
    return dict(artifacts(task.folder / "store", "start"))


def test_a_task_has_its_packages(task: Task) -> None:
    task.task("start")
    artifacts = values(task)
    place = str(task.folder / "cache" / "unpacked" / NAME / "apple" / "__init__.py")
    expected = {
        "version": "'1.0'",
        "place": repr(place),
        "tool": "'from the tool\\n'",
        "child": "'1.0\\n'",
        "hidden": "True",
        "hooked": "'yes'",
    }
    assert {name: artifacts[name] for name in expected} == expected
    assert task.record("start")["environment"]["packages"] == f"sha256:{NAME}"
    assert task.unpacked() == [NAME]


def test_the_next_task_takes_what_is_unpacked(task: Task) -> None:
    task.task("start")
    task.archive.unlink()
    task.task("end")
    assert task.record("end")["environment"]["packages"] == f"sha256:{NAME}"


def test_a_cache_that_nobody_names(task: Task, tmp_path: Path) -> None:
    task.task("start", FLOWC_CACHE="", XDG_CACHE_HOME=str(tmp_path / "own"))
    assert (tmp_path / "own" / "flowc" / "unpacked" / NAME).is_dir()
    (tmp_path / "file").write_text("")
    task.task("end", FLOWC_CACHE="", XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path))
    assert (tmp_path / f"flowc-{os.getuid()}" / "unpacked" / NAME).is_dir()


def test_from_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        url = f"s3://{BUCKET}/p"
        task = Task(tmp_path, url, server.environment)
        random = os.urandom(6 << 20).hex()  # which makes several chunks
        put_files(url, {**FILES, "apple/random.txt": random * 2, "apple/other.txt": random})
        for path in (tmp_path / "store" / "F" / "code").iterdir():
            open_store(url).put(f"F/code/{path.name}", path.read_bytes())
        task.task("start")
    assert (tmp_path / "cache" / "unpacked" / NAME / "apple" / "other.txt").read_text() == random


@pytest.mark.parametrize(
    "how", ["flipped", "truncated", "longer", "another", "no archive", "no description", "torn description"]
)
def test_what_is_damaged_never_runs(how: str, task: Task) -> None:
    data = bytearray(task.archive.read_bytes())
    description_file = task.archive.with_name(f"{NAME}.json")
    if how == "flipped":
        data[len(data) // 2] ^= 1
    elif how == "truncated":
        del data[-9:]
    elif how == "longer":
        data[10:10] = b"x"
    elif how == "another":
        data[:] = gzip.compress(tar({"apple/__init__.py": "__version__ = 'evil'\n"}))
    task.archive.write_bytes(bytes(data))
    if how == "no archive":
        task.archive.unlink()
    elif how == "no description":
        description_file.unlink()
    elif how == "torn description":
        description_file.write_bytes(description_file.read_bytes()[:-30])
    done = task.task("start", code=3)
    assert "flowc environment build" in done.stderr or "damaged" in done.stderr, done.stderr
    assert task.unpacked() == [] and "Traceback" not in done.stderr
    put_files(str(task.folder / "store"))
    task.task("start", attempt=1)


@pytest.mark.parametrize("name", ["../escaped", "a/../../escaped", "/escaped", "a//b", "./a", ""])
def test_names_that_lead_out_of_the_folder(name: str, task: Task) -> None:
    put(str(task.folder / "store"), tar({**FILES, name: "evil"}), len(FILES) + 1, 1 << 20)
    done = task.task("start", code=3)
    assert "in the datastore" in done.stderr or "is not below" in done.stderr
    assert task.unpacked() == [] and not list(task.folder.rglob("escaped"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_nothing_but_files_is_made(kind: bytes, task: Task) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(f"{ROOT}/apple")
        member.type, member.linkname = kind, "/etc"
        archive.addfile(member)
    put(str(task.folder / "store"), buffer.getvalue(), 1, 1)
    assert "is not a file" in task.task("start", code=3).stderr
    assert task.unpacked() == []


def test_more_than_was_said(task: Task) -> None:
    put(str(task.folder / "store"), tar({**FILES, "bomb": "0" * 20_000_000}), len(FILES) + 1, 1000)
    assert "holds more than its description states" in task.task("start", code=3).stderr
    put(str(task.folder / "store"), tar(FILES), len(FILES) + 1, 1 << 20)
    assert f"holds {len(FILES)} files, not {len(FILES) + 1}" in task.task("start", attempt=1, code=3).stderr
    put(
        str(task.folder / "store"),
        tar({**FILES, "Twice": "1"}, end=False) + tar({"Twice": "2"}),
        len(FILES) + 2,
        1 << 20,
    )
    task.task("start", attempt=2, code=3)
    assert task.unpacked() == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"python": "3.6"}, f"for Python 3.6, and this container has {PYTHON}: give the step an image with Python 3.6"),
        ({"glibc": "9.99"}, "need glibc 9.99 or later, and this container has glibc 2."),
    ],
)
def test_an_image_that_does_not_fit(changed: dict[str, str], message: str, task: Task) -> None:
    put_files(str(task.folder / "store"), FILES, **changed)
    done = task.task("start", code=3)
    assert message in done.stderr and len(done.stderr.strip().split("\n")) == 1
    assert task.unpacked() == []


@pytest.mark.parametrize("answer", [None, "musl 1.2", ValueError("unrecognized configuration name")])
def test_a_c_library_that_is_not_glibc(answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def confstr(name: str) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(os, "confstr", confstr)
    said = Description(f"sha256:{NAME}", PYTHON, HERE, "2.28", 1, [], 1, 1, "")
    with pytest.raises(ShimError, match="need glibc 2.28 or later, and this container has no glibc"):
        activate.fits(said)
    activate.fits(Description(f"sha256:{NAME}", PYTHON, HERE, "", 1, [], 1, 1, ""))


def test_a_machine_that_nobody_locked_for(task: Task) -> None:
    done = task.task("start", code=3, FLOWC_PACKAGES=f"linux/sparc=sha256:{NAME}")
    assert f"locked for linux/sparc, and this machine is {HERE}" in done.stderr
    done = task.task("start", attempt=1, code=3, FLOWC_PACKAGES=f"{HERE}=sha256:../../x")
    assert "is not the digest of an environment" in done.stderr
    task.task("start", attempt=2, FLOWC_PACKAGES=f"linux/sparc=sha256:{'0' * 64} {HERE}=sha256:{NAME}")


def test_tasks_that_race_for_one_folder(task: Task) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: task.task("start", FLOWC_RUN=f"r{at}"), range(4)))
    assert task.unpacked() == [NAME]


def test_a_task_that_is_killed_while_it_unpacks(task: Task) -> None:
    """The partial folder does not count as an environment, and the next task makes one."""
    many = {**FILES, **{f"apple/m{at}.py": "x = 1\n" * 2000 for at in range(8000)}}
    put_files(str(task.folder / "store"), many)
    process = subprocess.Popen(
        task.command("start"), env=task.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until(lambda: task.unpacked() or process.poll() is not None, "it unpacks", every=0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    (left,) = task.unpacked()
    assert left.startswith(f".{NAME[:16]}."), "the kill came in the middle"
    task.task("start", attempt=1)
    assert NAME in task.unpacked() and len(list((task.folder / "cache" / "unpacked" / NAME / "apple").iterdir())) > 8000


def test_what_killed_tasks_left_is_removed_after_a_day(task: Task) -> None:
    folder = task.folder / "cache" / "unpacked"
    for name, age in ((".old", 90_000), (".new", 80_000), ("kept", 90_000)):
        (folder / name / "apple").mkdir(parents=True)
        (folder / name / "apple" / "half.py").write_text("")
        moment = time.time() - age
        os.utime(folder / name, (moment, moment))
    task.task("start")
    assert task.unpacked() == sorted([".new", NAME, "kept"])


@pytest.mark.parametrize("what", [signal.SIGKILL, signal.SIGCONT])
def test_a_race_in_which_the_first_stops_in_the_middle(what: signal.Signals, task: Task) -> None:
    """Two tasks unpack into one folder. The first dies, or comes to its end after the other has won: the folder is whole."""
    many = {**FILES, **{f"apple/m{at}.py": "x = 1\n" * 2000 for at in range(8000)}}
    put_files(str(task.folder / "store"), many)
    null = subprocess.DEVNULL
    with subprocess.Popen(task.command("start"), env=task.environment, stdout=null, stderr=null) as first:
        try:
            until(lambda: task.unpacked() or first.poll() is not None, "the first unpacks", every=0.001)
            first.send_signal(signal.SIGSTOP)
            (left,) = task.unpacked()
            assert left.startswith("."), "it was stopped in the middle"
            task.task("start", FLOWC_RUN="second")
            first.send_signal(what)
            assert first.wait() == (-signal.SIGKILL if what == signal.SIGKILL else 0)
        finally:
            first.kill()
    whole = {path.name for path in (task.folder / "cache" / "unpacked" / NAME / "apple").iterdir()}
    # a task that imports the package may have written its bytecode
    assert whole - {"__pycache__"} == {name.split("/")[1] for name in many if name.startswith("apple/")}
    assert task.unpacked() == ([left, NAME] if what == signal.SIGKILL else [NAME])


@pytest.mark.node  # mounts a file system, for which it needs to be root on Linux
@pytest.mark.parametrize("room", ["size=3m", "nr_inodes=50"])
def test_a_file_system_without_room(room: str, task: Task) -> None:
    """The task says so, leaves nothing, and the next one succeeds once there is room."""
    files = {f"apple/m{at}.py": f"x = {at}\n" for at in range(100)}
    put_files(str(task.folder / "store"), {**FILES, **files, "apple/big.txt": "x" * 5_000_000})
    words = " ".join(task.command("start"))
    script = (
        'mkdir "$FLOWC_CACHE" && mount -t tmpfs -o "$0" tmpfs "$FLOWC_CACHE" || exit 9\n'
        f'{words}; [ $? = 3 ] || exit 8; [ -z "$(ls -A "$FLOWC_CACHE/unpacked")" ] || exit 7\n'
        f'mount -o remount,size=50m,nr_inodes=5000 "$FLOWC_CACHE" && FLOWC_ATTEMPT=1 {words} || exit 6\n'
    )
    command = ["unshare", "--mount", "sh", "-c", script, room]
    done = subprocess.run(command, env=task.environment, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    assert "cannot unpack the environment" in done.stderr and "No space left on device" in done.stderr
    assert len(values(task)["version"]) == 5  # type: ignore[arg-type]


def test_a_disk_that_is_full(task: Task) -> None:
    put_files(str(task.folder / "store"), {**FILES, "apple/big.txt": "x" * 5_000_000})
    words = " ".join(task.command("start"))
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 4000; exec {words}"],
        env=task.environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 3 and "cannot unpack the environment" in done.stderr and task.unpacked() == []
    task.task("start", attempt=1)


# ── in the image ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def in_image(task: Task, **changed: str) -> str:
    """Moves the environment out of the datastore into a folder as an image has it; returns the folder."""
    put_files(str(task.folder / "store"), FILES, **changed)
    place = task.folder / "image"
    for name, text in FILES.items():
        path = place / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    task.archive.unlink()
    task.archive.with_name(f"{NAME}.json").rename(place / f"{NAME}.json")
    return str(place)


def test_packages_of_the_image(task: Task) -> None:
    place = in_image(task)
    task.task("start", FLOWC_PACKAGES_DIR=place)
    found = values(task)
    assert found["place"] == repr(f"{place}/{NAME}/apple/__init__.py") and found["hooked"] == "'yes'"
    assert found["tool"] == "'from the tool\\n'" and found["child"] == "'1.0\\n'" and found["hidden"] == "True"
    assert task.record("start")["environment"]["packages"] == f"sha256:{NAME}"
    assert not (task.folder / "cache").exists(), "nothing is unpacked"


def test_an_image_that_holds_what_does_not_fit(task: Task) -> None:
    place = in_image(task, python="3.6")
    done = task.task("start", code=3, FLOWC_PACKAGES_DIR=place)
    assert (
        f"for Python 3.6, and this container has {PYTHON}" in done.stderr and len(done.stderr.strip().split("\n")) == 1
    )


@pytest.mark.parametrize("damage", ["no files", "torn", "another", "nothing"])
def test_an_image_with_half_an_environment(damage: str, task: Task) -> None:
    place = Path(in_image(task))
    said = place / f"{NAME}.json"
    if damage == "no files":
        (place / NAME).rename(place / "elsewhere")
    elif damage == "torn":
        said.write_bytes(said.read_bytes()[:-30])
    elif damage == "another":
        said.write_bytes(said.read_bytes().replace(NAME.encode(), b"cd" * 32))
    else:
        said.unlink()
    done = task.task("start", code=3, FLOWC_PACKAGES_DIR=str(place))
    expected = {"no files": "but not its files", "nothing": "is neither in the image nor in the store"}
    assert expected.get(damage, "is damaged") in done.stderr and len(done.stderr.strip().split("\n")) == 1, done.stderr

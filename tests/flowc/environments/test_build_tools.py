"""What a package is built with is locked too: its backend, and what that asks for when it runs."""

from __future__ import annotations

import doctest
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowc.environments import build_tools, pylock, uv
from tests.support.package_index import PackageIndex, wheel
from tests.support.running import flowc

from .locking import files, flow, lock, variables
from .test_sources import HERE, package

# a backend that asks for a tool only when it runs, and writes into the wheel what it was
MAKER = """import os, zipfile
VERSION = {version!r}


def get_requires_for_build_wheel(config_settings=None):
    return ["cutter>=1"]


def build_wheel(folder, config_settings=None, metadata_directory=None):
    import cutter

    info = "mine-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, "mine-1.0-py3-none-any.whl"), "w") as archive:
        for name, text in (
            ("mine.py", f"made_with = {{VERSION!r}}, {{cutter.__version__!r}}\\n"),
            (f"{{info}}/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n"),
            (f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"),
            (f"{{info}}/RECORD", ""),
        ):
            archive.writestr(zipfile.ZipInfo(name), text)
    return "mine-1.0-py3-none-any.whl"
"""
PROJECT = '[build-system]\nrequires = ["maker"]\nbuild-backend = "maker"\n[project]\nname = "mine"\nversion = "1.0"\n'
BODY = "import mine\nprint('made with', *mine.made_with)"


def maker(version: str) -> tuple[str, bytes]:
    return wheel("maker", version, {"maker.py": MAKER.format(version=version)}, requires=("saw",))


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(maker("1.0"), wheel("cutter", "1.0"), wheel("saw", "1.0")) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pyproject.toml").write_text(PROJECT)
    return flow(tmp_path, start=f"@pypi(packages={{'mine': '@ ./mine'}}, python='{HERE}')", body=BODY)


def tools(path: Path) -> list[str]:
    (text,) = files(path).values()
    (package,) = pylock.loads(text).wheels
    return [build_tools.shown(tool) for tool in package.tools or ()]


def archive(path: Path, index: PackageIndex | None, machine: str) -> bytes:
    """Builds the environment on a machine with caches of its own."""
    folder = path.parent / machine
    flowc("environment", "build", str(path), "--output", str(folder), env=variables(folder, index), check=True)
    (made,) = folder.glob("runtime/environments/*.tar.gz")
    return made.read_bytes()


def test_tools_are_locked_and_used(path: Path, index: PackageIndex) -> None:
    lock(path, index)
    assert tools(path) == ["cutter 1.0", "maker 1.0", "saw 1.0"]
    (text,) = files(path).values()
    assert pylock.dumps(pylock.loads(text)) == text and "[tool.flowc.build-tools]" in text
    one = archive(path, index, "one")
    index.wheels.update([maker("2.0"), wheel("cutter", "2.0")])
    assert archive(path, index, "other") == one, "newer tools change nothing"
    before = files(path)
    assert "nothing changed" in lock(path, index).stdout and files(path) == before
    (path.parent / "mine" / "more.py").write_text("")
    lock(path, index)
    assert tools(path) == ["cutter 1.0", "maker 1.0", "saw 1.0"], "new sources keep their tools"
    lock(path, index, "--upgrade")
    assert tools(path) == ["cutter 2.0", "maker 2.0", "saw 1.0"]
    assert files(path) != before and archive(path, index, "upgraded") != one


def test_they_make_what_runs(path: Path, index: PackageIndex) -> None:
    lock(path, index, "--platform", "linux/amd64,linux/arm64,darwin/arm64")
    done = flowc("run", str(path), "--store", str(path.parent / "runs"), env=variables(path.parent, index), check=True)
    assert "made with 1.0 1.0" in done.stdout


def test_a_changed_tool_builds_nothing(path: Path, index: PackageIndex) -> None:
    lock(path, index)
    index.wheels.update([wheel("cutter", "1.0", {"cutter.py": "__version__ = 'evil'\n"})])
    folder = path.parent / "other"
    done = flowc("environment", "build", str(path), "--output", str(folder), env=variables(folder, index))
    assert done.returncode == 1 and "cutter" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not list(folder.glob("runtime/environments/*"))


def test_tools_that_no_longer_fit_are_replaced(path: Path, index: PackageIndex) -> None:
    lock(path, index)
    index.wheels.update([maker("2.0")])
    (path.parent / "mine" / "pyproject.toml").write_text(PROJECT.replace('"maker"', '"maker>=2"', 1))
    lock(path, index)
    assert tools(path) == ["cutter 1.0", "maker 2.0", "saw 1.0"]


def test_a_lock_without_tools_is_still_read(tmp_path: Path, index: PackageIndex) -> None:
    """Of a version of flowc that did not write them; the package has a backend of its own, which needs none."""
    package(tmp_path / "own", "own")
    path = flow(tmp_path, start=f"@pypi(packages={{'own': '@ ./own'}}, python='{HERE}')")
    lock(path, index)
    ((name, text),) = files(path).items()
    assert '"own" = []' in text
    old = text.partition("# sha256")[0].replace('[tool.flowc.build-tools]\n"own" = []\n\n', "")
    (path.with_suffix(".lock") / name).write_text(old)
    assert pylock.loads(old).wheels[0].tools is None
    assert flowc("check", str(path)).returncode == 0
    assert archive(path, index, "machine")


@pytest.mark.parametrize("form", ["folder", "tar.gz", "zip"])
def test_what_sources_ask_for(form: str, tmp_path: Path) -> None:
    def sources(text: str | None) -> str:
        where = tmp_path / f"own-1.0.{form}"
        if form == "folder":
            where.mkdir(exist_ok=True)
            (where / "pyproject.toml").unlink(missing_ok=True)
            if text is not None:
                (where / "pyproject.toml").write_text(text)
        elif form == "zip":
            with zipfile.ZipFile(where, "w") as archive:
                archive.writestr("own-1.0/deep/pyproject.toml", "not the one")
                if text is not None:
                    archive.writestr("own-1.0/pyproject.toml", text)
        else:
            (tmp_path / "text").write_text(text or "")
            with tarfile.open(where, "w:gz") as archive:
                if text is not None:
                    archive.add(tmp_path / "text", "own-1.0/pyproject.toml")
        return str(where)

    assert build_tools.asked(sources(PROJECT)) == ("maker",)
    assert build_tools.asked(sources("[project]\nname = 'own'\n")) == build_tools.DEFAULT
    assert build_tools.asked(sources(None)) == build_tools.DEFAULT
    for bad in ("[build-system\n", "[build-system]\nbuild-backend = 'x'\n", "build-system = 3\n"):
        with pytest.raises(uv.Refused, match="cannot be read"):
            build_tools.asked(sources(bad))


def test_examples() -> None:
    assert doctest.testmod(sys.modules[build_tools.__name__]).failed == 0

"""Packages of steps without a decorator: files of dependencies, and packages that are built from sources."""

from __future__ import annotations

import doctest
import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from flowc.environments import requests, resolve, sources, tags, versions
from flowc.environments.trees import digest_of
from tests.support.package_index import PackageIndex, wheel
from tests.support.running import flowc

from .locking import files, flow, lock, variables

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = "{}.{}".format(*sys.version_info)
# a build backend in the sources themselves, so that building needs no index
BACKEND = """import os, zipfile

NAME, VERSION = {name!r}, {version!r}
INFO = f"{{NAME}}-{{VERSION}}.dist-info"
METADATA = f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n{requires}"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = f"{{NAME}}-{{VERSION}}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr(f"{{NAME}}.py", open(f"{{NAME}}.py").read())
        archive.writestr(f"{{INFO}}/METADATA", METADATA)
        archive.writestr(f"{{INFO}}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: {tag}\\n")
        archive.writestr(f"{{INFO}}/RECORD", "")
    return name
"""
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
dependencies = [{requires}]
"""


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(
        *(wheel("apple", each) for each in ("1.0", "1.1", "2.0")),
        wheel("pear", "1.0", requires=("apple",)),
        wheel("plum", "1.0"),
    ) as server:
        yield server


def package(folder: Path, name: str, version: str = "1.0", requires: str = "", tag: str = "py3-none-any") -> Path:
    """Writes the sources of a package with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    line = f"Requires-Dist: {requires}\\n" if requires else ""
    (folder / "backend.py").write_text(BACKEND.format(name=name, version=version, requires=line, tag=tag))
    (folder / "pyproject.toml").write_text(
        PROJECT.format(name=name, version=version, requires=repr(requires) if requires else "")
    )
    (folder / f"{name}.py").write_text(f"__version__ = {version!r}\n")
    return folder


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f'[tool.flowc]\npython = "{HERE}"\n{text}\n')


def read(path: Path) -> dict[str, dict[str, str]]:
    """The flow's locks: file → package → version."""
    return {
        name: {each["name"]: each.get("version", "") for each in tomllib.loads(text).get("packages", [])}
        for name, text in files(path).items()
    }


def own(path: Path) -> dict[str, object]:
    (text,) = files(path).values()
    return dict(tomllib.loads(text)["tool"]["flowc"])


def test_requirements(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, end=f"@pypi(packages={{'apple': '1.0'}}, python='{HERE}')")
    settings(tmp_path, 'dependencies = "requirements.txt"')
    (tmp_path / "requirements.txt").write_text(
        "# what everything needs\npear  # with apple\nplum; python_version < '3'\n-r more/other.txt\n-c limits.txt\n"
    )
    (tmp_path / "more").mkdir()
    digest = hashlib.sha256(index.wheels["plum-1.0-py3-none-any.whl"]).hexdigest()
    (tmp_path / "more/other.txt").write_text(
        f"Plum == \\\n  1.0 \\\n  --hash=sha256:{digest} --hash=sha256:{'0' * 64}\n"
    )
    (tmp_path / "limits.txt").write_text("apple<2\n")
    lock(path, index)
    assert read(path) == {
        "pylock.base-linux-amd64.toml": {"apple": "1.1", "pear": "1.0", "plum": "1.0"},
        "pylock.end-linux-amd64.toml": {"apple": "1.0"},
    }
    text = files(path)["pylock.base-linux-amd64.toml"]
    assert tomllib.loads(text)["tool"]["flowc"]["source"] == "requirements.txt"
    assert "nothing changed" in lock(path).stdout
    (tmp_path / "requirements.txt").write_text(
        "# the same\n-c limits.txt\n\n-r more/other.txt\nplum; python_version < '3'\npear\n"
    )
    assert flowc("check", str(path)).returncode == 0, "comments and order do not count"
    (tmp_path / "limits.txt").write_text("apple<3\n")
    done = flowc("check", str(path), check=False)
    assert done.returncode == 1 and "`-c apple<2`, which the project no longer asks for" in done.stderr
    (tmp_path / "more/other.txt").write_text(f"plum==1.0 --hash=sha256:{'0' * 64}\n")
    done = lock(path, index, check=False)
    assert done.returncode == 1 and "not among those of its line" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--index-url https://host/simple\n", "names an index"),
        ("-r requirements.txt\n", "includes itself"),
        ("-r https://host/other.txt\n", "file of a server"),
        ("-r missing.txt\n", "cannot be read"),
        ("--pre\n", "an option that flowc does not know"),
        ("apple --global-option=x\n", "an option that flowc does not know"),
        ("-e ./nothing\n", "is not the folder of a package"),
        ("./wheels/apple-1.0-py3-none-any.whl\n", "is a wheel in a folder"),
        ("/srv/apple\n", "absolute path"),
        ("apple @ git+https://me:secret@host/apple\n", "holds a user or a password"),
        ("apple @ git+ext::sh%20touch\n", "is not the folder of a package"),
    ],
)
def test_requirements_that_are_refused(text: str, said: str, tmp_path: Path) -> None:
    path = flow(tmp_path)
    settings(tmp_path, 'dependencies = "requirements.txt"')
    (tmp_path / "requirements.txt").write_text(text)
    done = lock(path, None, check=False)
    assert done.returncode == 1 and said in done.stderr and "secret" not in done.stderr


def test_a_project(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path)
    project = (
        '[project]\nname = "mine"\nversion = "1"\ndependencies = ["pear"]\n'
        '[project.optional-dependencies]\nall = ["mine[fruit]"]\nfruit = ["plum"]\n'
        '[dependency-groups]\nold = [{include-group = "older"}]\nolder = ["apple<2"]\n'
        f'[tool.flowc]\npython = "{HERE}"\ndependencies = "pyproject.toml"\n'
    )
    (tmp_path / "pyproject.toml").write_text(project)
    lock(path, index)
    assert read(path) == {"pylock.base-linux-amd64.toml": {"apple": "2.0", "pear": "1.0"}}
    (tmp_path / "pyproject.toml").write_text(project + 'extras = ["all"]\ngroups = ["old"]\n')
    done = flowc("check", str(path), check=False)
    assert done.returncode == 1 and "`base` for linux/amd64 lacks `apple<2`" in done.stderr
    lock(path, index)
    assert read(path) == {"pylock.base-linux-amd64.toml": {"apple": "1.1", "pear": "1.0", "plum": "1.0"}}
    (tmp_path / "pyproject.toml").write_text(project + 'extras = ["none"]\n')
    assert "has no extra `none`" in flowc("check", str(path), check=False).stderr


def test_decorators_come_first(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=f"@pypi(packages={{'plum': ''}}, python='{HERE}')", end="@pypi(disabled=True)")
    settings(tmp_path, 'dependencies = "requirements.txt"')
    (tmp_path / "requirements.txt").write_text("apple\n")
    lock(path, index)
    assert read(path) == {"pylock.start-linux-amd64.toml": {"plum": "1.0"}}
    path = flow(tmp_path, base=f"@pypi_base(packages={{'pear': ''}}, python='{HERE}')")
    lock(path, index)
    assert read(path) == {"pylock.base-linux-amd64.toml": {"apple": "2.0", "pear": "1.0"}}


def test_a_deployed_flow(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, end="@pypi(disabled=True)")
    settings(tmp_path, 'dependencies = "requirements.txt"')
    (tmp_path / "requirements.txt").write_text("apple\n")
    lock(path, index)
    (text,) = files(path).values()
    digest = tomllib.loads(text)["tool"]["flowc"]["environment"]
    flowc(
        "compile", str(path), "--target", "argo", "--store", "s3://b/x", "--output", str(tmp_path / "out"), check=True
    )
    spec = "".join(each.read_text() for each in (tmp_path / "out").rglob("*.yaml"))
    assert spec.count(f"linux/amd64={digest}") == 1, "of `start`, not of `end`"
    (tmp_path / "requirements.txt").write_text("plum\n")
    done = flowc("compile", str(path), "--target", "argo", "--store", "s3://b/x", "--output", str(tmp_path / "out"))
    assert done.returncode == 1 and "FLOW161" in done.stderr


def test_a_flow_that_is_not_locked_yet(tmp_path: Path) -> None:
    path = flow(tmp_path)
    settings(tmp_path, 'dependencies = "requirements.txt"')
    (tmp_path / "requirements.txt").write_text("apple\n")
    done = flowc("check", str(path))
    assert "FLOW160" in done.stderr and "the packages of `start`, `end` are not locked" in done.stderr


def test_a_run_with_a_local_package(tmp_path: Path, index: PackageIndex) -> None:
    package(tmp_path / "libs/mine", "mine", requires="apple<2")
    path = flow(tmp_path, body="import mine, apple\nself.found = mine.__version__, apple.__version__")
    settings(tmp_path, 'dependencies = "requirements.txt"')
    (tmp_path / "requirements.txt").write_text("-e ./libs/mine\n")
    platform = "linux/amd64" if sys.platform == "linux" else "darwin/arm64"
    lock(path, index, "--platform", platform)
    (text,) = files(path).values()
    assert 'directory = {path = "../libs/mine"}' in text
    assert f"mine sha256:{digest_of(str(tmp_path / 'libs/mine'))}" in text
    store, env = str(tmp_path / "store"), variables(tmp_path, index)
    flowc("run", str(path), "--store", store, "--run-id", "one", env=env)
    assert "('1.0', '1.1')" in flowc("dump", "one/start", "--store", store).stdout
    (tmp_path / "libs/mine/mine.py").write_text("__version__ = 'changed'\n")
    done = flowc("run", str(path), "--store", store, env=env, check=False)
    assert done.returncode == 1 and "the local package `mine` has changed" in done.stderr
    lock(path, index)
    flowc("run", str(path), "--store", store, "--run-id", "two", env=env)
    assert "('changed', '1.1')" in flowc("dump", "two/start", "--store", store).stdout


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_git_repository(tmp_path: Path, index: PackageIndex) -> None:
    repository = tmp_path / "repository"
    package(repository / "python", "mine", "1.0", requires="apple")
    git(tmp_path, "init", "-q", "-b", "main", "repository")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "one")
    first = git(repository, "rev-parse", "HEAD")
    url = f"git+file://{repository}@main#subdirectory=python"
    path = flow(tmp_path / "flow", start=f"@pypi(packages={{'mine': '@ {url}'}}, python='{HERE}')")
    lock(path, index)
    (text,) = files(path).values()
    vcs = tomllib.loads(text)["packages"][1]["vcs"]
    assert vcs == {
        "type": "git", "url": f"file://{repository}", "requested-revision": "main", "commit-id": first, "subdirectory": "python",
    }  # fmt: skip
    package(repository / "python", "mine", "2.0")
    git(repository, "commit", "-q", "-a", "-m", "two")
    assert "nothing changed" in lock(path, index).stdout
    flowc(
        "environment", "build", str(path), "--output", str(tmp_path / "built"), env=variables(tmp_path / "flow", index)
    )
    lock(path, index, "--upgrade-package", "mine")
    assert read(path)["pylock.start-linux-amd64.toml"] == {"mine": "2.0"}
    (text,) = files(path).values()
    assert first not in text and git(repository, "rev-parse", "HEAD") in text


def test_a_source_distribution(tmp_path: Path, index: PackageIndex) -> None:
    made = io.BytesIO()
    package(tmp_path / "cherry-1.0", "cherry", "1.0", requires="plum")
    (tmp_path / "cherry-1.0/PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: cherry\nVersion: 1.0\nRequires-Dist: plum\n"
    )
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.add(tmp_path / "cherry-1.0", "cherry-1.0")
    index.add(("cherry-1.0.tar.gz", made.getvalue()))
    path = flow(tmp_path / "flow", start=f"@pypi(packages={{'cherry': '1.0'}}, python='{HERE}')")
    done = lock(path, index, check=False)
    assert done.returncode == 1 and "FLOW163" in done.stderr and "--build" in done.stderr
    lock(path, index, "--build", "Cherry")
    (text,) = files(path).values()
    digest = hashlib.sha256(made.getvalue()).hexdigest()
    first = tomllib.loads(text)["packages"][0]
    assert first["sdist"]["hashes"] == {"sha256": digest} and "wheels" not in first
    assert read(path)["pylock.start-linux-amd64.toml"] == {"cherry": "1.0", "plum": "1.0"}
    lock(path)
    output = tmp_path / "built"
    env = variables(tmp_path / "flow", index)
    flowc(
        "environment", "build", str(path), "--output", str(output), env={**env, "FLOWC_CACHE": str(tmp_path / "other")}
    )
    (found,) = output.rglob("*.tar.gz")
    with tarfile.open(found) as archive:
        assert any(each.endswith("/cherry.py") for each in archive.getnames())


def test_compiled_code_is_built_on_its_own_machine(tmp_path: Path, index: PackageIndex) -> None:
    package(tmp_path / "libs/fast", "fast", tag=f"cp{HERE.replace('.', '')}-abi3-linux_x86_64")
    path = flow(tmp_path, start=f"@pypi(packages={{'fast': '@ ./libs/fast'}}, python='{HERE}')")
    done = lock(path, index, "--platform", "linux/arm64", check=False)
    assert done.returncode == 1 and "must be built on linux/arm64" in done.stderr


def test_a_lock_of_uv(tmp_path: Path, index: PackageIndex) -> None:
    project = (
        f'[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["pear", "member"]\n'
        "[tool.uv]\npackage = false\n[tool.uv.sources]\nmember = {workspace = true}\n"
        '[tool.uv.workspace]\nmembers = ["members/*"]\n'
        f'[tool.flowc]\npython = "{HERE}"\ndependencies = "uv.lock"\n'
    )
    (tmp_path / "pyproject.toml").write_text(project)
    package(tmp_path / "members/member", "member")
    env = {**variables(tmp_path, index), "PATH": "/usr/bin:/bin"}
    from uv import find_uv_bin

    def update() -> None:
        command = [find_uv_bin(), "lock", "-q", "-p", sys.executable, "-U"]
        subprocess.run(command, cwd=tmp_path, env={**env, "HOME": str(tmp_path)}, check=True)

    update()
    path = flow(tmp_path)
    index.add(wheel("apple", "3.0"))
    lock(path, index)
    assert read(path) == {"pylock.base-linux-amd64.toml": {"apple": "2.0", "member": "1.0", "pear": "1.0"}}
    update()
    done = flowc("check", str(path), check=False)
    assert done.returncode == 1 and "is of a different `uv.lock`" in done.stderr
    lock(path, index)
    assert read(path)["pylock.base-linux-amd64.toml"]["apple"] == "3.0"


def test_an_index_of_one_package(tmp_path: Path, index: PackageIndex) -> None:
    with PackageIndex(wheel("plum", "9.0", requires=("apple",)), wheel("apple", "9.0")) as other:
        path = flow(tmp_path, start=f"@pypi(packages={{'plum': '', 'apple': ''}}, python='{HERE}')")
        settings(tmp_path, f'[tool.flowc.package-index]\nplum = "{other.url}"')
        lock(path, index)
        assert read(path) == {"pylock.start-linux-amd64.toml": {"apple": "2.0", "plum": "9.0"}}
        (text,) = files(path).values()
        assert f'index = "{other.url}"' in text and f'index = "{index.url}"' in text
        env = variables(tmp_path, index)
        flowc("environment", "build", str(path), "--output", str(tmp_path / "built"), env=env)
        settings(tmp_path, "")
        lock(path, index)
        assert read(path)["pylock.start-linux-amd64.toml"]["plum"] == "1.0"


@pytest.mark.parametrize("module", [requests, resolve, sources, tags, versions])
def test_examples_in_docstrings(module: ModuleType) -> None:
    done = doctest.testmod(module)
    assert done.failed == 0 and done.attempted > 0


def test_the_names_of_sources(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text(
        "channels: [conda-forge, nodefaults]\ndependencies:\n- python=3.11\n- numpy>=1.26\n- pip\n- pip:\n  - apple<2\n"
    )
    found = sources.source_of(str(tmp_path / "flow.py"), {"dependencies": str(tmp_path / "environment.yml")})
    assert found == sources.Source(
        "environment.yml",
        ("apple<2",),
        (("numpy", ">=1.26"), ("pip", ""), ("python", "=3.11")),
        ("conda-forge",),
        "3.11",
    )

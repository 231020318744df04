"""`flowc lock`: the files that it writes, when they are stale, and packages that cannot be locked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.compiler.fast_start.record import replace
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.environments import moments, pylock
from flowc.environments.platforms import platform
from flowc.environments.pylock import Lock, Wheel
from tests.support.package_index import PackageIndex, wheel
from tests.support.running import flowc

from .locking import files, flow, lock, variables

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = "{}.{}".format(*sys.version_info)
LINUX, ARM, MAC = "manylinux_2_28_x86_64", "manylinux_2_17_aarch64", "macosx_11_0_arm64"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    wheels = [wheel("apple", version) for version in ("1.0", "1.1", "2.0")]
    wheels += [
        wheel("pear-tree", "1.0", requires=("apple>=1.1,<2", "seed; python_version < '3.10'")),
        wheel("seed", "1.0"),
    ]
    wheels += [wheel("native", "1.0", tag=f"cp312-cp312-{platform}") for platform in (LINUX, ARM, MAC)]
    wheels += [wheel("native", "2.0", tag=f"cp312-cp312-{LINUX}")]
    with PackageIndex(*wheels) as server:
        yield server


def read(path: Path) -> dict[str, dict[str, str]]:
    """The flow's locks: file → package → version."""
    return {
        name: {package["name"]: package["version"] for package in tomllib.loads(text).get("packages", [])}
        for name, text in files(path).items()
    }


def test_what_is_written(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0', 'Native': ''}, python='3.12.4')")
    lock(path, index)
    (name, written), *others = files(path).items()
    assert (name, others) == ("pylock.start-linux-amd64.toml", [])
    text, seal, _ = written.rpartition("# sha256 of the lines above: ")
    assert written == f"{text}{seal}{hashlib.sha256(text.encode()).hexdigest()}\n"
    data = tomllib.loads(text)
    digest = data["tool"]["flowc"]["environment"]
    (apple, native) = (package["wheels"][0]["hashes"]["sha256"] for package in data["packages"])
    files_url = index.url.replace("/simple", "/files")
    sizes = {name.split("-")[0]: len(content) for name, content in index.wheels.items() if "-1.0-" in name}
    native_file = f"native-2.0-cp312-cp312-{LINUX}.whl"
    assert (
        text
        == f'''lock-version = "1.0"
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]
requires-python = "==3.12.*"
created-by = "flowc"

[[packages]]
name = "apple"
version = "1.0"
index = "{index.url}"
wheels = [{{url = "{files_url}/apple-1.0-py3-none-any.whl", size = {sizes["apple"]}, upload-time = 2026-01-01T00:00:00Z, hashes = {{sha256 = "{apple}"}}}}]

[[packages]]
name = "native"
version = "2.0"
index = "{index.url}"
wheels = [{{url = "{files_url}/{native_file}", size = {len(index.wheels[native_file])}, upload-time = 2026-01-01T00:00:00Z, hashes = {{sha256 = "{native}"}}}}]

[tool.flowc]
version = 1
flow = "F"
name = "start"
environment = "{digest}"
platform = "linux/amd64"
glibc = "2.28"
python = "3.12"
indexes = ["{index.url}"]

[tool.flowc.packages]
"apple" = "==1.0"
"native" = ""
'''
    )


def test_the_same_bytes_elsewhere(tmp_path: Path, index: PackageIndex) -> None:
    one = flow(tmp_path / "one", start="@pypi(packages={'apple': '', 'pear_tree': '>=1'}, python='3.12')")
    other = flow(tmp_path / "other", start="@pypi(python='3.12', packages={'Pear.Tree': '>= 1', 'Apple': ''})")
    lock(one, index)
    lock(other, index)
    assert files(one) == files(other)
    assert read(one) == {"pylock.start-linux-amd64.toml": {"apple": "1.1", "pear-tree": "1.0"}}
    before = files(one)
    assert "nothing changed" in lock(one).stdout, "without an index"
    assert files(one) == before


def test_base_and_steps_are_merged(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(
        tmp_path,
        base="@pypi_base(packages={'apple': '1.0', 'native': '1.0'}, python='3.12')",
        start="@pypi(packages={'Apple': '2.0'})",
    )
    lock(path, index)
    assert read(path) == {
        "pylock.base-linux-amd64.toml": {"apple": "1.0", "native": "1.0"}, "pylock.start-linux-amd64.toml": {"apple": "2.0", "native": "1.0"},
    }  # fmt: skip


@pytest.mark.parametrize("disabling", ["@pypi(disabled=True)", "@conda(disabled=True)"])
def test_a_step_that_is_disabled_has_none(disabling: str, tmp_path: Path, index: PackageIndex) -> None:
    base = "@pypi_base(packages={'apple': '1.0'}, python='3.11')"
    path = flow(tmp_path, base=base, start="@pypi(packages={'apple': '1.1'})", end=disabling)
    lock(path, index)
    assert read(path) == {"pylock.start-linux-amd64.toml": {"apple": "1.1"}}
    path = flow(tmp_path, base=base, start=disabling, end=disabling)
    lock(path, index)
    assert not path.with_suffix(".lock").exists()


def test_the_python_of_a_step(tmp_path: Path, index: PackageIndex) -> None:
    def python() -> str:
        lock(path, index)
        (text,) = files(path).values()
        return str(tomllib.loads(text)["requires-python"])

    path = flow(tmp_path, start="@pypi(packages={'apple': ''})")
    assert python() == "==3.12.*", "that of flowc's own image"
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nimage = "registry:5000/python:3.11.4-slim"\n')
    assert python() == "==3.11.*"
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nimage = "trainer:3"\npython = "3.10"\n')
    assert python() == "==3.10.*"
    path = flow(tmp_path, start="@pypi(packages={'apple': ''})\n    @conda(python='3.13')")
    assert python() == "==3.13.*"


def test_versions_are_kept_until_an_upgrade_is_asked_for(tmp_path: Path, index: PackageIndex) -> None:
    def versions(*options: str) -> dict[str, str]:
        lock(path, index, *options)
        return read(path)["pylock.start-linux-amd64.toml"]

    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
    assert versions() == {"apple": "2.0"}
    index.add(wheel("apple", "3.0"), wheel("native", "3.0"), uploaded="2026-06-01T00:00:00Z")
    assert versions() == {"apple": "2.0"}
    path = flow(tmp_path, start="@pypi(packages={'apple': '', 'native': ''}, python='3.12')")
    assert versions() == {"apple": "2.0", "native": "3.0"}
    assert versions("--upgrade-package", "Apple") == {"apple": "3.0", "native": "3.0"}
    assert versions("--upgrade", "--exclude-newer", "2026-05-01") == {"apple": "2.0", "native": "2.0"}
    assert 'exclude-newer = "2026-05-01"' in files(path)["pylock.start-linux-amd64.toml"]
    assert versions("--upgrade") == {"apple": "3.0", "native": "3.0"}
    path = flow(tmp_path, start="@pypi(packages={'apple': '<2', 'native': ''}, python='3.12')")
    assert versions() == {"apple": "1.1", "native": "3.0"}


def test_platforms(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'native': '1.0'}, python='3.12')")
    lock(path, index, "--platform", "linux/amd64,linux/arm64,darwin/arm64")
    hashes = [tomllib.loads(text)["packages"][0]["wheels"][0]["hashes"]["sha256"] for text in files(path).values()]
    digests = [tomllib.loads(text)["tool"]["flowc"]["environment"] for text in files(path).values()]
    assert len(set(hashes)) == len(set(digests)) == 3
    before = files(path)
    lock(path, index)
    assert files(path) == before, "the platforms of the lock stay"
    lock(path, index, "--platform", "linux/arm64")
    assert list(files(path)) == ["pylock.start-linux-arm64.toml"]
    assert lock(path, index, "--platform", "linux/sparc", check=False).returncode == 2
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nplatform = "linux/amd64,linux/arm64"\n')
    done = flowc("check", str(path))
    assert done.returncode == 1 and "environment `start` is not locked for linux/amd64" in done.stderr


def test_the_digest_is_of_what_is_in_it_and_not_of_where_it_came_from(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0'}, python='3.12')")
    lock(path, index)
    (one,) = files(path).values()
    with PackageIndex(*index.wheels.items()) as mirror:
        lock(path, None, "--default-index", mirror.url)
    (other,) = files(path).values()
    assert (
        one != other
        and tomllib.loads(one)["tool"]["flowc"]["environment"] == tomllib.loads(other)["tool"]["flowc"]["environment"]
    )


def test_the_first_index_that_has_a_package_wins(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=f"@pypi(packages={{'apple': '', 'seed': ''}}, python='{HERE}')")
    with PackageIndex(wheel("apple", "0.1"), user="me", password="s3cret") as own:
        credentials = {"UV_INDEX_OURS_USERNAME": "me", "UV_INDEX_OURS_PASSWORD": "s3cret"}
        lock(path, index, "--index", f"ours={own.url}", env=credentials)
        assert read(path)["pylock.start-linux-amd64.toml"] == {"apple": "0.1", "seed": "1.0"}
        assert "s3cret" not in "".join(files(path).values())
        (text,) = files(path).values()
        assert f'indexes = ["ours={own.url}", "{index.url}"]' in text
        store = ["--store", str(tmp_path / "store")]
        done = flowc("run", str(path), *store, env=variables(tmp_path, index))
        assert done.returncode == 1 and "cannot be installed" in done.stderr, "without credentials"
        flowc("run", str(path), *store, env={**variables(tmp_path, index), **credentials}, check=True)
        flowc("environment", "build", str(path), *store, env={**variables(tmp_path, index), **credentials}, check=True)
        stored = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
        assert b"s3cret" not in stored
        url = own.url.replace("://", "://me:s3cret@")
        done = lock(path, index, "--index", url, check=False)
        assert (
            done.returncode == 1
            and "UV_INDEX_NAME_PASSWORD" in done.stderr
            and "s3cret" not in done.stdout + done.stderr
        )


def test_the_indexes_of_the_lock_stay(tmp_path: Path, index: PackageIndex) -> None:
    """So that an upgrade does not take a private package's name from the public index."""
    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
    nobody = {"UV_DEFAULT_INDEX": ""}
    lock(path, None, "--default-index", index.url, env=nobody)
    index.wheels.update([wheel("apple", "3.0")])
    lock(path, None, "--upgrade", env=nobody)
    assert read(path) == {"pylock.start-linux-amd64.toml": {"apple": "3.0"}}
    flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')", end="@pypi(packages={'seed': ''})")
    lock(path, None, env=nobody)
    assert "pylock.end-linux-amd64.toml" in read(path), "a new environment has them too"
    with PackageIndex(wheel("apple", "4.0"), wheel("seed", "1.0")) as other:
        lock(path, other, "--upgrade")
        assert f'indexes = ["{other.url}"]' in files(path)["pylock.start-linux-amd64.toml"], "but a variable wins"


def test_an_index_that_wants_a_password(tmp_path: Path) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
    with PackageIndex(wheel("apple", "1.0"), user="ada", password="hunter2") as private:
        done = lock(path, None, "--index", f"corp={private.url}", check=False)
    assert done.returncode == 1 and "set UV_INDEX_NAME_USERNAME" in done.stderr, done.stderr


def test_a_missing_lock(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base="@pypi_base(packages={'apple': ''})", end="@pypi(disabled=True)")
    done = flowc("check", str(path))
    assert done.returncode == 0 and "warning[FLOW160]: the packages of `start` are not locked" in done.stderr
    assert f"run `flowc lock {path}`" in done.stderr
    done = lock(path, None, "--check", check=False)
    assert done.returncode == 1 and "error[FLOW160]" in done.stderr
    assert not path.with_suffix(".lock").exists()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (
            "@pypi(packages={'apple': '2.0'}, python='3.12')",
            "`start` for linux/amd64 has `apple` as `==1.0`, but the flow asks for `==2.0`",
        ),
        ("@pypi(packages={'apple': '1.0', 'native': ''}, python='3.12')", "lacks `native`"),
        ("@pypi(packages={}, python='3.12')", "has `apple`, which the flow no longer asks for"),
        ("@pypi(packages={'apple': '1.0'}, python='3.11')", "is for Python 3.12, but the flow asks for 3.11"),
        ("", "no step of the flow needs `pylock.start-linux-amd64.toml`"),
    ],
)
def test_a_stale_lock(start: str, message: str, tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0'}, python='3.12')")
    lock(path, index)
    fresh = lock(path, None, "--check")
    assert "1 environment, up to date" in fresh.stdout
    flow(tmp_path, start=start)
    commands = [["check"], ["lock", "--check"], ["compile", "--target", "argo", "--output", str(tmp_path / "build")]]
    for command in [*commands, ["run"]] if start else commands:  # a run needs no lock of what nobody asks for
        done = flowc(*command, str(path), env=variables(tmp_path))
        assert done.returncode == 1 and "error[FLOW161]" in done.stderr and message in done.stderr, command
    assert not (tmp_path / "build").exists() and not (tmp_path / ".flowc").exists()
    lock(path, index)
    assert flowc("check", str(path)).returncode == 0


def test_a_lock_that_was_changed_by_hand(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0'}, python='3.12')")
    lock(path, index)
    file = path.with_suffix(".lock") / "pylock.start-linux-amd64.toml"
    good = file.read_text()
    for bad in (
        good.replace('version = "1.0"\nindex', 'version = "1.1"\nindex'),
        good[:-110],
        f"<<<<<<< ours\n{good}",
        good.replace("version = 1\n", "version = 9\n"),
    ):
        file.write_text(bad)
        done = flowc("check", str(path))
        assert (
            done.returncode == 1
            and "error[FLOW161]" in done.stderr
            and "`pylock.start-linux-amd64.toml`: it" in done.stderr
        ), bad
    lock(path, index)
    assert file.read_text() == good


def test_steps_with_a_known_environment_need_no_new_lock(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, end="@pypi(packages={'apple': '1.0'}, python='3.12')")
    lock(path, index)
    flow(
        tmp_path,
        start="@pypi(packages={'apple': '1.0'}, python='3.12')",
        end="@pypi(packages={'apple': '1.0'}, python='3.12')",
    )
    assert flowc("check", str(path)).returncode == 0
    assert list(files(path)) == ["pylock.end-linux-amd64.toml"]
    lock(path)
    assert list(files(path)) == ["pylock.start-linux-amd64.toml"], "without an index"


def test_two_flows_of_one_file(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0'}, python='3.12')", name="One")
    path.write_text(
        path.read_text() + "\n\n" + path.read_text().partition("\n\n")[2].replace("One", "Two").replace("1.0", "2.0")
    )
    for name in ("One", "Two"):
        lock(path, index, "--flow", name)
    assert read(path) == {
        "pylock.One-start-linux-amd64.toml": {"apple": "1.0"},
        "pylock.Two-start-linux-amd64.toml": {"apple": "2.0"},
    }
    for name in ("One", "Two"):
        lock(path, None, "--check", "--flow", name)


@pytest.mark.parametrize(
    ("decorators", "message"),
    [
        ({"start": "@conda(packages={'apple': '1.0'}, python='3.8')"}, "asks for Python 3.8"),
        ({"start": "@pypi(packages={'a_b': '1', 'A-B': '1'})"}, "`a_b` and `A-B` are the same package"),
        ({"start": "@pypi(packages={'apple': '1.0'}, python='3.8')"}, "asks for Python 3.8"),
    ],
)
def test_what_cannot_be_locked(decorators: dict[str, str], message: str, tmp_path: Path) -> None:
    path = flow(tmp_path, **decorators)
    for options in ((), ("--check",)):
        done = lock(path, None, *options, check=False)
        assert done.returncode == 1 and "error[FLOW162]" in done.stderr and message in done.stderr
    assert not path.with_suffix(".lock").exists()


def test_an_image_that_does_not_say_its_python(tmp_path: Path) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0'})")
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nimage = "trainer:3"\n')
    done = lock(path, check=False)
    assert done.returncode == 1 and "the Python version of step `start` is unknown" in done.stderr


@pytest.mark.parametrize(
    ("packages", "options", "message"),
    [
        ("{'apple': '9.0'}", (), "apple==9.0"),
        ("{'pear-tree': '', 'apple': '2.0'}", (), "pear-tree"),
        ("{'native': '2.0'}", ("--platform", "linux/arm64"), "on linux/arm64"),
        ("{'native': '2.0'}", ("--glibc", "2.17"), "glibc 2.17"),
        ("{'no such package': '1'}", (), "no such package"),
        ("{'apple': '1.0; import os'}", (), "uv says"),
        ("{'apple': '--index-url=http://127.0.0.1:1'}", (), "uv says"),
        ("{'absent': ''}", (), "absent"),
    ],
)
def test_what_cannot_be_resolved(
    packages: str, options: tuple[str, ...], message: str, tmp_path: Path, index: PackageIndex
) -> None:
    path = flow(tmp_path, start=f"@pypi(packages={packages}, python='3.12')")
    done = lock(path, index, *options, check=False)
    assert done.returncode == 1 and "error[FLOW163]" in done.stderr and message in done.stderr, done.stderr
    assert not path.with_suffix(".lock").exists()


def test_nothing_is_written_unless_all_is_resolved(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(
        tmp_path,
        start="@pypi(packages={'apple': '1.0'}, python='3.12')",
        end="@pypi(packages={'apple': '9'}, python='3.12')",
    )
    assert lock(path, index, check=False).returncode == 1
    assert not path.with_suffix(".lock").exists()


def test_a_wheel_named_by_its_url(tmp_path: Path, index: PackageIndex) -> None:
    url = index.url.replace("/simple", "/files/apple-1.0-py3-none-any.whl")
    path = flow(tmp_path, start=f"@pypi(packages={{'apple': '@ {url}'}}, python='3.12')")
    lock(path, index)
    (text,) = files(path).values()
    assert tomllib.loads(text)["packages"][0]["archive"]["url"] == url
    lock(path, None, "--check")


def test_uvs_own_configuration_has_no_say(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
    (tmp_path / "uv.toml").write_text('resolution = "lowest"\nexclude-newer = "2020-01-01"\n')
    lock(
        path,
        index,
        env={"UV_RESOLUTION": "lowest", "UV_EXCLUDE_NEWER": "2020-01-01", "UV_CONFIG_FILE": str(tmp_path / "uv.toml")},
    )
    assert read(path) == {"pylock.start-linux-amd64.toml": {"apple": "2.0"}}


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True)
WHEELS = st.builds(
    lambda name, version, host, size, uploaded, direct: Wheel(
        name, version, f"{name}-{version}-py3-none-any.whl", f"https://{host}/{name}-{version}-py3-none-any.whl", "0f" * 32, size, uploaded, direct
    ),
    NAMES, st.sampled_from(["1.0", "2!1.0+local"]), st.sampled_from(["host", "höst", "h%20t", 'h"t', "h\\t", "h, size = 9"]), st.integers(0, 2**40),
    st.sampled_from(["", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.25Z"]), st.booleans(),
)  # fmt: skip
LOCKS = st.builds(
    lambda flow, packages, wheels, where, indexes: Lock(
        flow, "start", tuple(sorted(packages.items())), "3.12", platform(where), tuple(wheels), tuple(indexes), ""
    ),
    NAMES, st.dictionaries(TEXTS, TEXTS, max_size=3), st.lists(WHEELS, max_size=3), st.sampled_from(["linux/amd64", "darwin/arm64"]), st.lists(TEXTS, max_size=2),
)  # fmt: skip


@given(LOCKS)
@settings(deadline=None)
def test_a_lock_is_read_back_as_it_was_written(lock: Lock) -> None:
    """Three readers agree: the parser of TOML, flowc's quick one, and flowc's fallback."""
    text = pylock.dumps(lock)
    data = tomllib.loads(text)
    assert data["tool"]["flowc"]["packages"] == dict(lock.packages) and len(data.get("packages", [])) == len(
        lock.wheels
    )
    assert pylock.loads(text) == lock == pylock.loads(f"# a comment\n{text}")
    assert pylock.head(text) == replace(lock, wheels=()) and pylock.head(f"# a comment\n{text}") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01", "2026-05-02T00:00:00Z"),
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z"),
        ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00Z"),
        ("2026-05-01T12:00:00", "2026-05-01T12:00:00Z"),
    ],
)
def test_a_date_means_the_same_in_every_time_zone(text: str, expected: str) -> None:
    assert moments.until(text) == ("--exclude-newer", expected)


@pytest.mark.parametrize("text", ["3 days", "P3D", "yesterday", "2026-13-01"])
def test_a_time_that_depends_on_the_day_is_refused(text: str, tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
    done = lock(path, index, "--exclude-newer", text, check=False)
    assert done.returncode == 2 and f"`--exclude-newer` takes a date or a time, not `{text}`" in done.stderr


@pytest.mark.parametrize(
    ("package", "options", "advice"),
    [
        ("aple", (), "check the spelling of the name, or add the index"),
        ("native", ("--platform", "linux/arm64"), "a wheel for linux/arm64, lock for a newer C library"),
        ("apple", ("--exclude-newer", "2020-01-01"), "a later `--exclude-newer`"),
    ],
)
def test_what_would_help(
    package: str, options: tuple[str, ...], advice: str, tmp_path: Path, index: PackageIndex
) -> None:
    path = flow(tmp_path, start=f"@pypi(packages={{'{package}': '>=1.2'}}, python='3.12')")
    done = lock(path, index, *options, check=False)
    assert done.returncode == 1 and "error[FLOW163]" in done.stderr and advice in done.stderr, done.stderr


def test_check_does_not_believe_an_edited_lock(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '1.0'}, python='3.12')")
    lock(path, index)
    (file,) = (tmp_path / "flow.lock").iterdir()
    text = file.read_text()
    body, _, _ = text.rpartition("# sha256")
    for edited, matches in ((text, True), (body, True), (text.replace('version = "1.0"', 'version = "1.1"'), False)):
        file.write_text(edited)
        done = flowc("check", str(path))
        assert ("FLOW161" not in done.stderr) is matches, done.stderr


def test_a_lock_that_flowc_wrote_is_read_without_the_parser_of_toml(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': '', 'pear-tree': ''}, python='3.12')")
    lock(path, index)
    program = "import sys; from flowc.cli import main; main(['check', 'flow.py']); print('tomllib' in sys.modules or 'tomli' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "False" and "no problems" in done.stdout

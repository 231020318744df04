"""`flowc image build|push`: the same digests, from a registry or a layout, and nothing is uploaded twice."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flowc.environments.locking import flow, lock, variables
from tests.support.package_index import PackageIndex, wheel
from tests.support.registry import TOKEN, Registry, layer, write_layout
from tests.support.running import Done, flowc

HERE = "{}.{}".format(*sys.version_info)
APPLE = f"@pypi(packages={{'apple': '1.0'}}, python='{HERE}')"
BOTTOM = layer({"bin/python": "#!/bin/sh\n", "etc/os": "x" * 5000})
SECRET = "hunter2-of-the-test"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(wheel("apple", "1.0"), wheel("pear", "2.0")) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path, index: PackageIndex) -> Path:
    made = flow(tmp_path, start=APPLE)
    lock(made, index)
    return made


@pytest.fixture
def base(tmp_path: Path) -> str:
    write_layout(tmp_path / "base", [BOTTOM])
    return str(tmp_path / "base")


def image(
    command: str, path: Path, index: PackageIndex, *options: str, check: bool = True, env: dict[str, str] | None = None
) -> Done:
    home = {"HOME": str(path.parent / "home"), "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": ""}
    given = {**variables(path.parent, index), **home, **(env or {})}
    return flowc("image", command, str(path), *options, env=given, check=check)


def recorded(path: Path) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = json.loads((path.with_suffix(".lock") / "images.json").read_text())["images"]
    return images


def blob(folder: Path, digest: object) -> bytes:
    data = (folder / "blobs" / "sha256" / str(digest).partition(":")[2]).read_bytes()
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
    return data


def test_what_is_in_an_image(path: Path, index: PackageIndex, base: str, tmp_path: Path) -> None:
    image("build", path, index, "--base", base, "--output", str(tmp_path / "out"))
    (built,) = recorded(path)
    environment = dict(built["environments"])["linux/amd64"]
    manifest = json.loads(blob(tmp_path / "out", built["digest"]))
    config = json.loads(blob(tmp_path / "out", manifest["config"]["digest"]))
    layers = [blob(tmp_path / "out", each["digest"]) for each in manifest["layers"]]
    assert [len(each) for each in layers] == [each["size"] for each in manifest["layers"]]
    assert config["rootfs"]["diff_ids"] == [
        f"sha256:{hashlib.sha256(gzip.decompress(each)).hexdigest()}" for each in layers
    ]
    assert gzip.decompress(layers[0]) == BOTTOM and config["config"]["Env"] == ["PATH=/usr/bin:/bin"]
    assert manifest["annotations"]["org.opencontainers.image.base.digest"] == built["base"]
    flowc(
        "environment", "build", str(path), "-o", str(tmp_path / "archives"), env=variables(tmp_path, index), check=True
    )
    archives = tmp_path / "archives" / "runtime" / "environments"
    name = environment.partition(":")[2]
    assert layers[1] == (archives / f"{name}.tar.gz").read_bytes(), "the layer is the archive"
    with tarfile.open(fileobj=io.BytesIO(layers[2])) as archive:
        assert archive.getnames() == [f"opt/flowc/environments/{name}.json"]
        assert archive.extractfile(archive.getmembers()[0]).read() == (archives / f"{name}.json").read_bytes()  # type: ignore[union-attr]


def test_the_same_digest_again(path: Path, index: PackageIndex, base: str, tmp_path: Path) -> None:
    image("build", path, index, "--base", base, "--output", str(tmp_path / "one.tar"))
    before = recorded(path)
    elsewhere = {
        "TMPDIR": str(tmp_path / ("long" * 30)),
        "UV_CACHE_DIR": str(tmp_path / "another"),
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
    }
    os.mkdir(elsewhere["TMPDIR"])
    image("build", path, index, "--base", base, "--output", str(tmp_path / "two.tar"), env=elsewhere)
    assert recorded(path) == before
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with Registry() as registry:
        image("push", path, index, "--base", base, "--repository", f"{registry.host}/a/flows")
        assert recorded(path) == before and before[0]["digest"] in registry.manifests["a/flows"]
    image("build", path, index, "--base", str(tmp_path / "one.tar"))
    assert recorded(path)[0]["base"] == before[0]["digest"], "a tar is a base as well"


def test_a_push_uploads_nothing_twice_and_mounts_the_base(path: Path, index: PackageIndex) -> None:
    with Registry() as registry:
        digest = registry.push("library/python", f"{HERE}-slim", [BOTTOM])
        options = ["--image", f"{registry.host}/library/python:{HERE}-slim", "--repository", f"{registry.host}/flows"]
        image("push", path, index, *options)
        (built,) = recorded(path)
        assert built["base"] == digest
        own = {each for each in registry.blobs["flows"] if each not in registry.blobs["library/python"]}
        assert len(own) == 3, "two layers and a configuration; the base's layer is mounted"
        assert not [
            request
            for request in registry.requests
            if request[0] == "GET" and "/blobs/" in request[1] and "flows" in request[1]
        ]
        registry.requests.clear()
        done = image("push", path, index, *options)
        assert f"{registry.host}/flows@{built['digest']}, exists" in done.stdout
        assert [path for method, path in registry.requests if method == "PUT"] == [
            f"/v2/flows/manifests/flowc-{str(built['digest'])[7:47]}"
        ]


def test_a_base_stays_until_it_is_upgraded(path: Path, index: PackageIndex) -> None:
    with Registry(mounts=False) as registry:
        options = ["--image", f"{registry.host}/python:{HERE}", "--repository", f"{registry.host}/flows"]
        first = registry.push("python", HERE, [BOTTOM])
        image("push", path, index, *options)
        before = recorded(path)
        second = registry.push("python", HERE, [BOTTOM, layer({"etc/new": "x"})])
        image("push", path, index, *options)
        assert recorded(path) == before and before[0]["base"] == first
        image("push", path, index, *options, "--upgrade")
        assert recorded(path)[0]["base"] == second


def test_several_machines(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=APPLE)
    lock(path, index, "--platform", "linux/amd64,linux/arm64,darwin/arm64")
    with Registry() as registry:
        digests = {
            f"linux/{each}": registry.push("python", each, [BOTTOM], architecture=each)
            for each in ("amd64", "arm64", "s390x")
        }
        registry.push_index("python", HERE, digests)
        options = ["--image", f"{registry.host}/python:{HERE}", "--repository", f"{registry.host}/flows"]
        image("push", path, index, *options)
        (built,) = recorded(path)
        found = json.loads(registry.manifests["flows"][str(built["digest"])][1])
        assert [each["platform"]["architecture"] for each in found["manifests"]] == ["amd64", "arm64"]
        for each in found["manifests"]:
            manifest = json.loads(registry.manifests["flows"][each["digest"]][1])
            config = json.loads(registry.blobs["flows"][manifest["config"]["digest"]])
            assert config["architecture"] == each["platform"]["architecture"]
            assert (
                manifest["annotations"]["dev.flowc.environment"]
                == dict(built["environments"])[f"linux/{config['architecture']}"]
            )
        image("push", path, index, *options, "--platform", "linux/arm64")
        assert list(dict(recorded(path)[0]["environments"])) == ["linux/arm64"]
        done = image(
            "push",
            path,
            index,
            "--image",
            f"{registry.host}/python:s390x",
            "--repository",
            f"{registry.host}/flows",
            check=False,
        )
        assert (
            done.returncode == 1 and "is for linux/s390x, and the environment is locked for linux/amd64" in done.stderr
        )


def test_a_layer_with_the_code(path: Path, index: PackageIndex, base: str, tmp_path: Path) -> None:
    image("build", path, index, "--base", base, "--code", "--output", str(tmp_path / "out"))
    (built,) = recorded(path)
    manifest = json.loads(blob(tmp_path / "out", built["digest"]))
    config = json.loads(blob(tmp_path / "out", manifest["config"]["digest"]))
    assert "FLOWC_CODE_DIR=/opt/flowc/code" in config["config"]["Env"]
    with tarfile.open(fileobj=io.BytesIO(blob(tmp_path / "out", manifest["layers"][-1]["digest"]))) as archive:
        assert archive.getnames() == ["opt/flowc/code/flow.py", "opt/flowc/code/flowc.json"]
        assert archive.extractfile("opt/flowc/code/flow.py").read() == path.read_bytes()  # type: ignore[union-attr]


def docker_config(path: Path, data: dict[str, object]) -> dict[str, str]:
    folder = path.parent / "docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(data))
    return {"DOCKER_CONFIG": str(folder)}


@pytest.mark.parametrize("basic", [False, True])
@pytest.mark.parametrize("kept", ["auths", "helper", "store"])
def test_credentials(kept: str, basic: bool, path: Path, index: PackageIndex, base: str, tmp_path: Path) -> None:
    with Registry("ada", SECRET, basic) as registry:
        options = ["--base", base, "--repository", f"{registry.host}/flows"]
        done = image("push", path, index, *options, check=False)
        assert (
            done.returncode == 1
            and f"docker login {registry.host}" in done.stderr
            and "without credentials" in done.stderr
        )
        helper = tmp_path / "bin" / "docker-credential-test"
        helper.parent.mkdir()
        helper.write_text(
            f'#!/bin/sh\nread host\n[ "$1 $host" = "get {registry.host}" ] && echo \'{{"Username": "ada", "Secret": "{SECRET}"}}\'\n'
        )
        helper.chmod(0o755)
        data: dict[str, dict[str, object]] = {
            "auths": {"auths": {registry.host: {"auth": base64.b64encode(f"ada:{SECRET}".encode()).decode()}}},
            "helper": {"credHelpers": {registry.host: "test"}},
            "store": {"credsStore": "test"},
        }
        env = {**docker_config(path, data[kept]), "PATH": f"{helper.parent}:{os.environ['PATH']}"}
        done = image("push", path, index, *options, env=env)
        assert recorded(path)[0]["digest"] in registry.manifests["flows"]
        assert basic or set(registry.scopes) == {"repository:flows:pull,push"}
        text = done.stdout + done.stderr + (path.with_suffix(".lock") / "images.json").read_text()
        assert (
            SECRET not in text and TOKEN not in text and base64.b64encode(f"ada:{SECRET}".encode()).decode() not in text
        )


def test_wrong_credentials(path: Path, index: PackageIndex, base: str) -> None:
    with Registry("ada", SECRET) as registry:
        wrong = base64.b64encode(b"ada:wrong-password").decode()
        env = docker_config(path, {"auths": {registry.host: {"auth": wrong}}})
        done = image(
            "push", path, index, "--base", base, "--repository", f"{registry.host}/flows", env=env, check=False
        )
        assert done.returncode == 1 and "with the credentials found" in done.stderr
        assert "wrong-password" not in done.stderr and wrong not in done.stderr and "Traceback" not in done.stderr


def test_uploads_that_fail_for_a_while(path: Path, index: PackageIndex, base: str) -> None:
    with Registry() as registry:
        registry.failures += [500, 404, 429]
        image("push", path, index, "--base", base, "--repository", f"{registry.host}/flows")
        assert recorded(path)[0]["digest"] in registry.manifests["flows"] and not registry.failures
        registry.failures += [403]
        done = image("push", path, index, "--base", base, "--repository", f"{registry.host}/others", check=False)
        assert done.returncode == 1 and "refuses to push to others" in done.stderr


def test_a_registry_that_lies(path: Path, index: PackageIndex) -> None:
    """A layer of the base with other content than its digest says is neither pushed nor written."""
    with Registry() as registry, Registry() as to:
        registry.push("python", HERE, [BOTTOM])
        manifest = json.loads(registry.manifests["python"][HERE][1])
        registry.blobs["python"][manifest["layers"][0]["digest"]] = b"evil"
        done = image(
            "push",
            path,
            index,
            "--image",
            f"{registry.host}/python:{HERE}",
            "--repository",
            f"{to.host}/flows",
            check=False,
        )
        assert done.returncode == 1 and "does not match its digest" in done.stderr
        assert not to.manifests and b"evil" not in to.blobs.get("flows", {}).values()
        kind, _ = registry.manifests["python"][HERE]
        digest = next(each for each in registry.manifests["python"] if each != HERE)
        registry.manifests["python"][digest] = kind, b"{}"
        done = image("build", path, index, "--image", f"{registry.host}/python@{digest}", check=False)
        assert done.returncode == 1 and "does not match its digest" in done.stderr


def test_a_store_of_blobs_gets_no_credentials(path: Path, index: PackageIndex) -> None:
    with Registry("ada", SECRET) as registry, Registry() as store, Registry() as to:
        registry.push("python", HERE, [BOTTOM])
        store.blobs, registry.elsewhere = registry.blobs, store.host
        env = docker_config(
            path, {"auths": {registry.host: {"auth": base64.b64encode(f"ada:{SECRET}".encode()).decode()}}}
        )
        words = ["--image", f"{registry.host}/python:{HERE}", "--repository", f"{to.host}/flows"]
        image("push", path, index, *words, env=env)
        assert recorded(path)[0]["digest"] in to.manifests["flows"] and set(registry.scopes) == {
            "repository:python:pull,push"
        }
        assert store.authorizations == ["", ""], "the configuration and the layer"


@pytest.mark.parametrize("place", ["manifest", "layers", "config", "platform", "Env", "rootfs"])
@pytest.mark.parametrize("value", [None, 1, "text", [1], {"a": 1}])
def test_a_base_that_is_nonsense(place: str, value: object, path: Path, index: PackageIndex, tmp_path: Path) -> None:
    """It is refused in one line, or does no harm."""
    folder = tmp_path / "base"
    write_layout(
        folder,
        [BOTTOM],
        **({"config": {"Env": value}} if place == "Env" else {"rootfs": value} if place == "rootfs" else {}),
    )
    (entry,) = json.loads((folder / "index.json").read_text())["manifests"]
    data: object = json.loads(blob(folder, entry["digest"]))
    if place == "manifest":
        data = value
    elif place in ("layers", "config"):
        data = {**data, place: value}  # type: ignore[dict-item]
    elif place == "platform":
        data = {"manifests": [{"platform": value}, value]}
    text = json.dumps(data).encode()
    digest = hashlib.sha256(text).hexdigest()
    (folder / "blobs" / "sha256" / digest).write_bytes(text)
    (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": f"sha256:{digest}"}]}))
    done = image("build", path, index, "--base", str(folder), check=False)
    assert "Traceback" not in done.stderr and (done.returncode == 0) == (place == "Env" and value is None), done.stderr
    assert done.returncode == 0 or done.stderr.startswith("error: ")


@pytest.mark.parametrize("damage", ["a layer", "the manifest", "the index", "two images", "nothing"])
def test_a_layout_that_is_damaged(damage: str, path: Path, index: PackageIndex, base: str, tmp_path: Path) -> None:
    folder = Path(base)
    (entry,) = json.loads((folder / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(folder, entry["digest"]))
    if damage == "a layer":
        (folder / "blobs" / "sha256" / manifest["layers"][0]["digest"][7:]).write_bytes(b"evil")
    elif damage == "the manifest":
        (folder / "blobs" / "sha256" / entry["digest"][7:]).write_bytes(b"{}")
    elif damage == "the index":
        (folder / "index.json").write_text("[]")
    elif damage == "two images":
        other = {**entry, "digest": f"sha256:{'0' * 64}"}
        (folder / "index.json").write_text(json.dumps({"manifests": [entry, other]}))
    else:
        (folder / "index.json").unlink()
    done = image("build", path, index, "--base", base, "--output", str(tmp_path / "out"), check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr and base in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["push"], "needs a repository"),
        (["push", "--repository", "Upper/Case"], "is not the name of an image"),
        (["push", "--repository", "host.test/a:tag"], "leave out the tag"),
        (["push", "--repository", "host.test/a/../b"], "is not the name of an image"),
        (["push", "--repository", "127.0.0.1:9/a"], "cannot be reached"),
        (["build", "--platform", "linux/arm64"], "not locked for linux/arm64"),
        (["build", "--image", "python@sha256:abc"], "is not a digest"),
        (["build", "--base", "./missing"], "cannot be read"),
        (["build", "--base", "other:1=./missing"], "names no image that a step runs in"),
        (["make"], "has two commands"),
    ],
)
def test_what_cannot_be(options: list[str], message: str, path: Path, index: PackageIndex, base: str) -> None:
    command, *rest = options
    where = [] if {"--base", "--image"} & set(rest) else ["--base", base]
    done = image(command, path, index, *rest, *where, check=False)
    assert done.returncode in (1, 2) and message in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (path.with_suffix(".lock") / "images.json").exists()


def test_a_base_with_another_python(path: Path, index: PackageIndex, tmp_path: Path) -> None:
    write_layout(tmp_path / "old", [BOTTOM], config={"Env": ["PYTHON_VERSION=3.6.15"]})
    done = image("build", path, index, "--base", str(tmp_path / "old"), check=False)
    assert (
        done.returncode == 1 and f"has Python 3.6.15, and the environment `start` is for Python {HERE}" in done.stderr
    )


def test_archives_that_exist_are_taken(path: Path, index: PackageIndex, base: str, tmp_path: Path) -> None:
    image("build", path, index, "--base", base)
    before = recorded(path)
    flowc(
        "environment",
        "build",
        str(path),
        "--store",
        str(tmp_path / "store"),
        env=variables(tmp_path, index),
        check=True,
    )
    done = image("build", path, index, "--base", base, "--store", str(tmp_path / "store"), env={"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_CACHE_DIR": str(tmp_path / "none")})  # fmt: skip
    assert recorded(path) == before and "packages" not in done.stdout
    (archive,) = (tmp_path / "store" / "runtime" / "environments").glob("*.tar.gz")
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    done = image("build", path, index, "--base", base, "--store", str(tmp_path / "store"), check=False)
    assert done.returncode == 1 and "is damaged" in done.stderr

"""A conda environment in an image: its layer names the folder that it is in, and a task runs in it without the store."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.store import open_store

from flowc.flow_source import load_flow
from flowc.runtime_bundle import bundle
from flowc.targeting import package_of
from tests.flowc.environments.locking import flow, lock, variables
from tests.flowc.environments.test_delivery import compiled
from tests.support.conda_channel import HERE, Channel, library, python
from tests.support.registry import layer, write_layout
from tests.support.running import flowc

from .test_images import blob, recorded

REPOSITORY = "registry.example.com/team/flows"


def test_a_step_in_an_image_with_conda(tmp_path: Path) -> None:
    image = f"python:{HERE}-slim"
    options = ["--image", image, "--base", str(tmp_path / "base"), "--output", str(tmp_path / "out")]
    write_layout(tmp_path / "base", [layer({"bin/python": ""})])
    with Channel(python(), library("apple", "2.0")) as channel:
        (tmp_path / "pyproject.toml").write_text(f'[tool.flowc]\nchannels = ["{channel.url}"]\n')
        path = flow(
            tmp_path, start=f"@conda(packages={{'apple': ''}}, python='{HERE}')",
            body="import apple, sys\nself.found = sys.prefix, apple.__version__",
        )  # fmt: skip
        env = {**variables(tmp_path), "RATTLER_CACHE_DIR": str(tmp_path / "rattler")}
        lock(path, env=env)
        done, _ = compiled(path, "argo", "--environments", "image", "--repository", REPOSITORY, "--image", image)
        assert done.returncode == 1 and "FLOW167" in done.stderr
        flowc("image", "build", str(path), *options, env=env, check=True)
    (built,) = recorded(path)
    digest = dict(built["environments"])["linux/amd64"]
    done, spec = compiled(path, "argo", "--environments", "image", "--repository", REPOSITORY, "--image", image)
    assert done.returncode == 0 and f"linux/amd64=conda:{digest}" in spec and str(built["digest"]) in spec
    manifest = json.loads(blob(tmp_path / "out", built["digest"]))
    for each in manifest["layers"][1:]:
        data = blob(tmp_path / "out", each["digest"])
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        (tmp_path / "image").mkdir(exist_ok=True)
        subprocess.run(["tar", "xf", "-", "-C", str(tmp_path / "image")], input=data, check=True)
    store = open_store(str(tmp_path / "store"))
    package = package_of(load_flow(str(path)))
    code_package.put(store, "F", package.digest, package.compressed())
    for name, content in bundle():
        (tmp_path / "shim" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shim" / name).write_bytes(content)
    place = tmp_path / "image/opt/flowc/environments"
    ended = subprocess.run(
        [sys.executable, "-S", str(tmp_path / "shim"), "task", "--step", "start", "--path", "0"],
        env={
            "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "FLOWC_STORE": str(tmp_path / "store"), "FLOWC_FLOW": "F", "FLOWC_RUN": "one",
            "FLOWC_CODE": package.digest, "FLOWC_PACKAGES": f"linux/amd64=conda:{digest}", "FLOWC_PACKAGES_DIR": str(place),
        },
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    shown = flowc("dump", "one/start", "--store", str(tmp_path / "store")).stdout
    assert f"('{place / digest.partition(':')[2]}', '2.0')" in shown

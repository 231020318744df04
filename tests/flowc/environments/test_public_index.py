"""numpy, pandas and scikit-learn of the public index: locked for two kinds of machine, built, run here and by a task."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.store import open_store

from flowc.flow_source import load_flow
from flowc.runtime_bundle import bundle
from flowc.targeting import package_of
from tests.support.conda_channel import HERE
from tests.support.running import flowc

from .locking import files, flow

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = [pytest.mark.nightly]

DAY = "2026-11-01"
BODY = """import numpy, pandas, os
from sklearn.linear_model import LinearRegression
x = pandas.DataFrame({'x': numpy.arange(10.0)})
self.coefficient = round(float(LinearRegression().fit(x, 3 * x.x + 1).coef_[0]), 6)
self.found = [pandas.__version__, os.path.dirname(os.path.dirname(pandas.__file__))]"""


def test_numpy_pandas_and_scikit_learn(tmp_path: Path) -> None:
    packages = "{'numpy': '', 'pandas': '', 'scikit-learn': '>=1.5'}"
    path = flow(tmp_path / "flow", start=f"@pypi(packages={packages}, python='{HERE}')", body=BODY)
    env = {"FLOWC_CACHE": str(tmp_path / "cache"), "UV_CACHE_DIR": str(tmp_path / "uv")}
    platforms = "linux/amd64,linux/arm64"
    flowc("lock", str(path), "--platform", platforms, "--exclude-newer", DAY, env=env, check=True)
    first = files(path)
    assert len(first) == 2
    for text in first.values():
        found = {each["name"]: each for each in tomllib.loads(text)["packages"]}
        assert {"numpy", "pandas", "scikit-learn", "scipy"} <= set(found)
        assert all(str(each["wheels"][0]["upload-time"])[:10] <= DAY for each in found.values())
    other = flow(tmp_path / "other", start=f"@pypi(packages={packages}, python='{HERE}')", body=BODY)
    fresh = {"FLOWC_CACHE": str(tmp_path / "cache"), "UV_CACHE_DIR": str(tmp_path / "fresh")}
    flowc("lock", str(other), "--platform", platforms, "--exclude-newer", DAY, env=fresh, check=True)
    assert files(other) == first, "the same bytes with another cache"
    store = tmp_path / "store"
    flowc("environment", "build", str(path), "--output", str(store), env=env, check=True)
    assert len(list(store.rglob("*.tar.gz"))) == 2, "for the other kind of machine, too"
    flowc("run", str(path), "--store", str(store), "--run-id", "here", env=env, check=True)
    assert "3.0" in flowc("dump", "here/start", "--store", str(store)).stdout
    _as_a_task(path, store, tmp_path)


def _as_a_task(path: Path, store: Path, folder: Path) -> None:
    """Runs the step as an engine does, in a network namespace in which nothing answers."""
    package = package_of(load_flow(str(path)))
    code_package.put(open_store(str(store)), "F", package.digest, package.compressed())
    shim = folder / "shim"
    for name, data in bundle():
        (shim / name).parent.mkdir(parents=True, exist_ok=True)
        (shim / name).write_bytes(data)
    digests = [f"{each.replace('-', '/')}={_digest(text)}" for each, text in _by_platform(path).items()]
    variables = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "FLOWC_STORE": str(store), "FLOWC_FLOW": "F", "FLOWC_RUN": "there",
        "FLOWC_CODE": package.digest, "FLOWC_PACKAGES": " ".join(digests), "FLOWC_CACHE": str(folder / "node"),
    }  # fmt: skip
    command = [sys.executable, "-S", str(shim), "task", "--step", "start", "--path", "0"]
    alone = ["unshare", "-n"] if sys.platform == "linux" and os.getuid() == 0 else []
    done = subprocess.run([*alone, *command], env=variables, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    shown = flowc("dump", "there/start", "--store", str(store)).stdout
    assert "3.0" in shown and str(folder / "node/unpacked") in shown


def _by_platform(path: Path) -> dict[str, str]:
    return {name.removeprefix("pylock.start-").removesuffix(".toml"): text for name, text in files(path).items()}


def _digest(text: str) -> str:
    return str(tomllib.loads(text)["tool"]["flowc"]["environment"])

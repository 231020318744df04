"""`python -m benchmarks.packages_on_node`: times the start of a step with scikit-learn and pandas on a real node.

From `kubectl apply` to the first line of the user's code, and until the packages are imported: with an archive, with
an image, and with `pip install` when the task starts, as other tools do. All take turns in one run. The image counts
twice: when the node has to pull it, and when it has it. pip gets the same wheels from an index on the same machine,
which no network slows down. Needs what the tests on the node need (CONTRIBUTING.md, The engines), so it is not part of
`make bench`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from flowc.runtime_shim.environments.description import description_name

from flowc.environments import pylock
from flowc.environments.demand import folder_of
from tests.engines.argo import Argo, Images
from tests.engines.deploying import PREFIX, STORE, compiled, left
from tests.engines.environments import PYTHON, Preparing
from tests.engines.faults import value
from tests.engines.image_registry import image_registry
from tests.engines.kubernetes.build import PYTHON as IMAGE
from tests.engines.kubernetes.images import Image, files_layer
from tests.engines.kubernetes.node import ADDRESS, Node
from tests.support.package_index import PackageIndex
from tests.support.s3_server import BUCKET, s3_server

from .measure import row

ROUNDS = 3
WITH_PIP = "docker.io/flowc-test/pip:1"
FLOW = """import time
from metaflow import FlowSpec, pypi, step
FIRST = time.time()


class Starts(FlowSpec):
    DECORATOR
    @step
    def start(self):
        import numpy, pandas, sklearn.ensemble
        self.moments = (FIRST, time.time())
        self.next(self.end)

    @step
    def end(self):
        pass
"""
PACKAGES = {"numpy": "2.2.6", "pandas": "2.2.3", "scikit-learn": "1.6.1"}
INSTALL = (
    "PYTHONPATH=/pip python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --no-cache-dir "
    "--no-compile --only-binary=:all: --target /packages --trusted-host {host} --index-url {url} {packages} && "
    'PYTHONPATH=/packages exec python3 -S /flowc/__main__.py "$@"'
)


def main() -> None:
    print("a step with numpy, pandas and scikit-learn, on a node: seconds from `kubectl apply`")
    with tempfile.TemporaryDirectory() as folder, Node() as node, s3_server(ADDRESS) as s3:
        argo = Argo(Images(node, s3))
        _measure(argo, Path(folder))


def _measure(argo: Argo, folder: Path) -> None:
    decorator = f"@pypi(packages={PACKAGES!r}, python={PYTHON!r})"
    flow = Preparing(_write(folder / "locked", decorator), None, argo.s3)
    flow.lock()
    flow.archives()
    (lock,) = [pylock.loads(each.read_text()) for each in Path(folder_of(str(flow.path))).glob("pylock.*")]
    plain = _write(folder / "plain", "")
    _load_pip(argo)
    with image_registry() as host, PackageIndex(*map(_wheel, lock.wheels), address=ADDRESS) as index:
        pushed = flow.images(host, IMAGE, argo.images.python, "--store", STORE)
        install = INSTALL.format(
            host=ADDRESS, url=index.url, packages=" ".join(f"{name}=={version}" for name, version in PACKAGES.items())
        )

        def with_pip(template: dict[str, Any]) -> None:
            template["spec"]["templateDefaults"]["container"]["command"] = ["sh", "-c", install, "sh"]
            for each in template["spec"]["templates"]:
                if "container" in each:
                    each["container"]["image"] = WITH_PIP

        found: dict[str, list[tuple[float, float]]] = {}
        for number in range(ROUNDS):
            print(f"  round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
            found.setdefault("archive", []).append(_time(argo, flow.path, "archive"))
            found.setdefault("image", []).append(_time(argo, flow.path, "image", *pushed))
            found.setdefault("pip", []).append(_time(argo, plain, "pip", change=with_pip))
        pull, *images = found.pop("image")
    found["image, on the node"], found["image, to be pulled"] = images, [pull]
    about = _sizes(argo, lock)
    least = {name: min(first for first, _ in times) for name, times in found.items()}
    for name, times in found.items():
        first, imported = min(times)
        ratio = f"{least['pip'] / least[name]:.1f} x as fast as pip; " if name != "pip" else ""
        row(name, f"{first:.1f} s", f"{ratio}{imported:.1f} s until the packages are imported")
    row("sizes", "", about)


def _write(folder: Path, decorator: str) -> Path:
    folder.mkdir()
    (folder / "starts.py").write_text(FLOW.replace("    DECORATOR\n", f"    {decorator}\n" if decorator else ""))
    return folder / "starts.py"


def _time(argo: Argo, path: Path, name: str, *options: str, change: Any = None) -> tuple[float, float]:
    """Returns the seconds until the user's first line ran, and until the packages were imported."""
    made = compiled(path, "argo", argo.s3, "--name", f"starts-{name}", *argo.images.options(path, "inject"), *options)
    (template,) = argo.manifests(made)
    if change is not None:
        change(template)
    began = time.time()
    argo.node.apply(template)
    outcome = argo.wait(argo.start(made))
    assert outcome.succeeded, outcome.detail
    moments = value(left(argo.s3, outcome.run, "Starts"), "start", "moments")
    first, imported = (float(each) for each in moments.strip("()").split(","))
    return first - began, imported - began


def _wheel(wheel: pylock.Wheel) -> tuple[str, bytes]:
    with urllib.request.urlopen(wheel.url) as answer:
        return wheel.file, answer.read()


def _load_pip(argo: Argo) -> None:
    import pip

    above = Path(pip.__file__).parents[1]
    files = {
        f"pip/{each.relative_to(above)}": each.read_bytes() for each in (above / "pip").rglob("*") if each.is_file()
    }
    with tempfile.TemporaryDirectory() as folder:
        Image(WITH_PIP, [argo.images.python, files_layer(files)], ["python3"]).write(Path(folder, "image.tar"))
        argo.node.load(Path(folder, "image.tar"))


def _sizes(argo: Argo, lock: pylock.Lock) -> str:
    key = f"{PREFIX}/{description_name(lock.environment)}"
    said = json.loads(argo.s3.client().get_object(Bucket=BUCKET, Key=key)["Body"].read())
    wheels = sum(each.size for each in lock.wheels)
    packed, unpacked = said["size"] / 1e6, said["unpacked"] / 1e6
    return f"wheels {wheels / 1e6:.0f} MB; archive and layer {packed:.0f} MB; unpacked {unpacked:.0f} MB"


if __name__ == "__main__":
    main()

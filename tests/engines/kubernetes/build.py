"""Builds what the node needs, once: programs of Kubernetes and Argo from the Go module proxy, and images, into a cache folder outside the checkout.

The cache is $FLOWC_ENGINES, else ~/.cache/flowc/engines; the folder's name in it is a digest of this recipe and its versions. `python -m
tests.engines.kubernetes.build` (`make engines`) does it ahead of the tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .images import Image, files_layer, folder_layer

KUBERNETES = "v1.33.0"
ARGO = "v3.7.3"
DEBIAN = "bookworm"
LAYOUT = 1  # of the cache's folder: counted up when the functions below make something else
PROGRAMS = {
    "containerd": "containerd",
    "runc": "runc",
    "etcd": "etcd-server",
    "debootstrap": "debootstrap",
    "busybox": "busybox-static",
    "ip": "iproute2",
}
RECIPE = Path(__file__).parent / "recipe"
# files of Argo's module that are others here: one that its release lacks, and what its executor would do for specs that flowc does not write
REPLACED = {
    "signal_linux.go": "workflow/executor/osspecific",
    "artifacts.go": "workflow/artifacts",
    "resource.go": "workflow/executor",
}
PAUSE, ARGOEXEC, PYTHON = "docker.io/flowc-test/pause:1", "docker.io/flowc-test/argoexec:1", "docker.io/flowc-test/python:1"


def cache() -> Path:
    """Returns the folder of this recipe in the cache; it exists once `build` has succeeded."""
    root = os.environ.get("FLOWC_ENGINES") or os.path.expanduser("~/.cache/flowc/engines")
    seen = hashlib.sha256()
    for each in sorted(RECIPE.rglob("*.txt")):
        seen.update(each.read_bytes())
    seen.update(repr((KUBERNETES, ARGO, DEBIAN, LAYOUT)).encode())
    return Path(root) / f"kubernetes-{seen.hexdigest()[:12]}"


def build() -> Path:
    """Builds what is missing, and returns the folder; waits for another process that builds it.

    Raises CalledProcessError, with what was printed, for a step that fails, and OSError on a machine that cannot have a node.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise OSError(
            "the tests on a Kubernetes node need to be root on Linux (Debian or a relative of it): run `make test` there, for instance in a virtual "
            "machine or as a privileged container; `make test-quick` runs what needs no engine"
        )
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "building", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install()
        _build(folder)
    return folder


def _build(folder: Path) -> None:
    for name, minutes, step in (
        ("argo", 6, _argo), ("kubernetes", 6, _kubernetes), ("root", 2, _root), ("images", 1, _images),
    ):  # fmt: skip
        if not (folder / name).exists():
            began = time.monotonic()
            _say(f"engines: building {name}, about {minutes} min on two cores, once")
            with tempfile.TemporaryDirectory(dir=folder) as unfinished:
                step(folder, Path(unfinished))
                made = Path(unfinished) / "made"
                os.rename(made, folder / name)
            _say(f"engines: built {name} in {time.monotonic() - began:.0f} s")


def install() -> None:
    """Installs Debian's packages that are missing; needs to be root then."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin:/usr/local/go/bin"
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)]
    missing += [] if os.path.exists("/usr/lib/cni/bridge") else ["containernetworking-plugins"]
    missing += [] if shutil.which("go", path=path) else ["golang-go"]
    if missing:
        debian(missing)


def debian(packages: list[str]) -> None:
    """Installs packages of Debian's. Raises CalledProcessError, with what was printed."""
    _say(f"engines: installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-qq"], env=environment)
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=environment)


def _argo(folder: Path, here: Path) -> None:
    source = here / "source"
    source.mkdir()
    shutil.copy(RECIPE / "argo" / "tools.go.txt", source / "tools.go")
    module = "github.com/argoproj/argo-workflows/v3"
    _go(["mod", "init", "flowc.test/argo"], source)
    _go(["mod", "edit", "-require", f"{module}@{ARGO}"], source)
    _go(["mod", "tidy"], source)
    _go(["mod", "vendor"], source)
    for name, place in REPLACED.items():
        shutil.copy(RECIPE / "argo" / f"{name}.txt", source / "vendor" / module / place / name)
    (here / "made").mkdir()
    commands = [f"{module}/cmd/{name}" for name in ("workflow-controller", "argoexec")]
    _go(["build", "-mod=vendor", "-ldflags=-s -w", "-o", str(here / "made") + "/", *commands], source, CGO_ENABLED="0")
    crds = _module_folder(source, module) / "manifests" / "base" / "crds" / "full"
    (here / "made" / "crds").mkdir()
    for each in crds.glob("argoproj.io_*.yaml"):
        shutil.copyfile(each, here / "made" / "crds" / each.name)


def _kubernetes(folder: Path, here: Path) -> None:
    source = here / "source"
    source.mkdir()
    for each in RECIPE.glob("*.go.txt"):
        name = each.name.removesuffix(".go.txt")
        (source / name).mkdir()
        shutil.copy(each, source / name / "main.go")
    _go(["mod", "init", "flowc.test/kubernetes"], source)
    _go(["mod", "edit", "-require", f"k8s.io/kubernetes@{KUBERNETES}"], source)
    released = (_module_folder(source, "k8s.io/kubernetes") / "go.mod").read_text()
    staging = sorted(set(re.findall(r"^\s*(k8s\.io/[a-z-]+) => \./staging", released, re.MULTILINE)))
    _go(["mod", "edit", *(f"-replace={each}={each}@v0.{KUBERNETES.removeprefix('v1.')}" for each in staging)], source)
    _go(["mod", "tidy"], source)
    (here / "made").mkdir()
    _go(["build", "-ldflags=-s -w", "-o", str(here / "made") + "/", "./apiserver", "./kubelet", "./kube-scheduler"], source)


def _root(folder: Path, here: Path) -> None:
    """A plain image with Python, as a user would take one."""
    _run(["debootstrap", "--variant=minbase", "--include=python3,ca-certificates", DEBIAN, str(here / "made")])
    os.symlink("python3", here / "made" / "usr" / "bin" / "python")
    shutil.rmtree(here / "made" / "var" / "cache", ignore_errors=True)


def _images(folder: Path, here: Path) -> None:
    made = here / "made"
    made.mkdir()
    with open(shutil.which("busybox") or "/bin/busybox", "rb") as file:
        busybox = files_layer({"bin/busybox": file.read()}, links={f"bin/{each}": "busybox" for each in ("sh", "sleep", "cp", "cat")})
    Image(PAUSE, [busybox], ["/bin/sleep", "1000000"]).write(made / "pause.tar")
    (made / "busybox.layer").write_bytes(busybox)
    Image(ARGOEXEC, [files_layer({"bin/argoexec": (folder / "argo" / "argoexec").read_bytes(), "tmp/.keep": b""})], ["argoexec"]).write(
        made / "argoexec.tar"
    )
    layer = folder_layer(folder / "root")
    (made / "python.layer").write_bytes(layer)
    Image(PYTHON, [layer], ["python3"]).write(made / "python.tar")


def _module_folder(source: Path, module: str) -> Path:
    import json

    return Path(json.loads(_go(["mod", "download", "-json", f"{module}@{KUBERNETES if module.startswith('k8s') else ARGO}"], source))["Dir"])


def _go(arguments: list[str], cwd: Path, **environment: str) -> str:
    path = os.environ["PATH"] + ":/usr/local/go/bin"
    return _run(["go", *arguments], cwd=cwd, env={**os.environ, "PATH": path, "GOFLAGS": "", "GOTOOLCHAIN": "auto", **environment})


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        _say(f"engines: {' '.join(command)} failed\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return done.stdout


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(build())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"engines: {error}")

"""Builds what the node needs, once: programs of Kubernetes and Argo from the Go module proxy, and images, into a cache folder outside the checkout.

The cache is $FLOWC_ENGINES, else ~/.cache/flowc/engines; Kubernetes and each release of Argo have a folder in it, named for a digest of the recipe and its
versions. `python -m tests.engines.kubernetes.build` (`make engines`) does it ahead of the tests, for the release of Argo that FLOWC_ARGO names.
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
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.engines.versions import KUBERNETES, argo

from .images import Image, files_layer, folder_layer

DEBIAN = "bookworm"
LAYOUT = 2  # of the cache's folders: counted up when the functions below make something else
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
# how Argo 4 differs from Argo 3 where the recipe touches it
NEWER_LINE = {
    "argo-workflows/v3": "argo-workflows/v4",
    "package executor // of artifacts": "package artifacts",
    "ExecResource(action": "ExecResource(ctx context.Context, action",
    "context.Background()": "logging.WithLogger(context.Background(), logging.NewSlogLogger(logging.Warn, logging.Text))",
    '\t"github.com/argoproj/argo-workflows/v4/workflow/util"': (
        '\t"github.com/argoproj/argo-workflows/v4/util/logging"\n\t"github.com/argoproj/argo-workflows/v4/workflow/util"'
    ),
}
PAUSE, ARGOEXEC, PYTHON = (
    "docker.io/flowc-test/pause:1",
    "docker.io/flowc-test/argoexec:1",
    "docker.io/flowc-test/python:1",
)


def cache() -> Path:
    """Returns the folder of Kubernetes and of images in the cache; it is complete once `build` has succeeded."""
    return _folder("kubernetes", RECIPE.glob("*.txt"), (KUBERNETES, DEBIAN, LAYOUT))


def argo_cache() -> Path:
    """Returns the folder of the release of Argo that is run: its programs, its CRDs and the image of its executor."""
    return _folder(f"argo-{argo()}", (RECIPE / "argo").glob("*.txt"), (argo(), LAYOUT))


def _folder(name: str, recipe: Iterable[Path], versions: tuple[object, ...]) -> Path:
    root = os.environ.get("FLOWC_ENGINES") or os.path.expanduser("~/.cache/flowc/engines")
    seen = hashlib.sha256(repr(versions).encode())
    for path in sorted(recipe):
        seen.update(path.read_bytes())
    return Path(root) / f"{name}-{seen.hexdigest()[:12]}"


def build() -> Path:
    """Builds what is missing, and returns the folder of Kubernetes; waits for another process that builds it.

    Raises CalledProcessError, with what was printed, for a step that fails, and OSError on a machine that cannot have a node.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise OSError(
            "the tests on a Kubernetes node need to be root on Linux (Debian or a relative of it): run `make test` there, for instance in a virtual "
            "machine or as a privileged container; `make test-quick` runs what needs no engine"
        )
    argo_folder, folder = argo_cache(), cache()
    argo_folder.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "building", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install()
        _build(argo_folder, (("argo", 6, _argo),))
        _build(folder, (("kubernetes", 6, _kubernetes), ("root", 2, _root), ("images", 1, _images)))
    return folder


def _build(folder: Path, steps: tuple[tuple[str, int, Callable[[Path, Path], None]], ...]) -> None:
    for name, minutes, step in steps:
        if not (folder / name).exists():
            began = time.monotonic()
            _say(f"engines: building {folder.name}, {name}, about {minutes} min on two cores, once")
            with tempfile.TemporaryDirectory(dir=folder) as unfinished:
                step(folder, Path(unfinished))
                built = Path(unfinished) / "made"
                os.rename(built, folder / name)
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
    module = f"github.com/argoproj/argo-workflows/{argo().partition('.')[0]}"
    (source / "retry").mkdir(parents=True)
    (source / "tools.go").write_text(_for_line("tools.go.txt"))
    (source / "retry" / "main.go").write_text(_for_line("retry.go.txt"))
    _go(["mod", "init", "flowc.test/argo"], source)
    _go(["mod", "edit", "-require", f"{module}@{argo()}"], source)
    _go(["mod", "tidy"], source)
    _go(["mod", "vendor"], source)
    for name, place in REPLACED.items():
        (source / "vendor" / module / place / name).write_text(_for_line(f"{name}.txt"))
    built = here / "made"
    built.mkdir()
    commands = [*(f"{module}/cmd/{name}" for name in ("workflow-controller", "argoexec")), "./retry"]
    _go(["build", "-mod=vendor", "-ldflags=-s -w", "-o", f"{built}/", *commands], source, CGO_ENABLED="0")
    (built / "crds").mkdir()
    for path in (_module_folder(source, module, argo()) / "manifests" / "base" / "crds" / "full").glob(
        "argoproj.io_*.yaml"
    ):
        shutil.copyfile(path, built / "crds" / path.name)
    layer = files_layer({"bin/argoexec": (built / "argoexec").read_bytes(), "tmp/.keep": b""})
    Image(ARGOEXEC, [layer], ["argoexec"]).write(built / "argoexec.tar")


def _for_line(name: str) -> str:
    """A file of the recipe, which is written for Argo 3, as the line of the release that is built needs it."""
    text = (RECIPE / "argo" / name).read_text()
    if not argo().startswith("v3."):
        for before, after in NEWER_LINE.items():
            text = text.replace(before, after)
    return text


def _kubernetes(folder: Path, here: Path) -> None:
    source = here / "source"
    source.mkdir()
    for path in RECIPE.glob("*.go.txt"):
        name = path.name.removesuffix(".go.txt")
        (source / name).mkdir()
        shutil.copy(path, source / name / "main.go")
    _go(["mod", "init", "flowc.test/kubernetes"], source)
    _go(["mod", "edit", "-require", f"k8s.io/kubernetes@{KUBERNETES}"], source)
    released = (_module_folder(source, "k8s.io/kubernetes", KUBERNETES) / "go.mod").read_text()
    staging = sorted(set(re.findall(r"^\s*(k8s\.io/[a-z-]+) => \./staging", released, re.MULTILINE)))
    _go(
        [
            "mod",
            "edit",
            *(f"-replace={module_name}={module_name}@v0.{KUBERNETES.removeprefix('v1.')}" for module_name in staging),
        ],
        source,
    )
    _go(["mod", "tidy"], source)
    (here / "made").mkdir()
    _go(
        ["build", "-ldflags=-s -w", "-o", str(here / "made") + "/", "./apiserver", "./kubelet", "./kube-scheduler"],
        source,
    )


def _root(folder: Path, here: Path) -> None:
    """A plain image with Python, as a user would take one."""
    _run(["debootstrap", "--variant=minbase", "--include=python3,ca-certificates", DEBIAN, str(here / "made")])
    os.symlink("python3", here / "made" / "usr" / "bin" / "python")
    shutil.rmtree(here / "made" / "var" / "cache", ignore_errors=True)


def _images(folder: Path, here: Path) -> None:
    built = here / "made"
    built.mkdir()
    with open(shutil.which("busybox") or "/bin/busybox", "rb") as file:
        busybox = files_layer(
            {"bin/busybox": file.read()}, links={f"bin/{name}": "busybox" for name in ("sh", "sleep", "cp", "cat")}
        )
    Image(PAUSE, [busybox], ["/bin/sleep", "1000000"]).write(built / "pause.tar")
    (built / "busybox.layer").write_bytes(busybox)
    layer = folder_layer(folder / "root")
    (built / "python.layer").write_bytes(layer)
    Image(PYTHON, [layer], ["python3"]).write(built / "python.tar")


def _module_folder(source: Path, module: str, version: str) -> Path:
    import json

    return Path(json.loads(_go(["mod", "download", "-json", f"{module}@{version}"], source))["Dir"])


def _go(arguments: list[str], cwd: Path, **environment: str) -> str:
    path = os.environ["PATH"] + ":/usr/local/go/bin"
    return _run(
        ["go", *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": path, "GOFLAGS": "", "GOTOOLCHAIN": "auto", **environment},
    )


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

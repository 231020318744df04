"""What engines need to run flows with environments of their own: locks, archives in the datastore, images in a registry, and no way to an index."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path, PurePath
from tempfile import mkdtemp

from tests.support.conda_channel import PLACEHOLDER, Channel, Entry, library, package, python
from tests.support.package_index import PackageIndex, wheel
from tests.support.registry import write_layout
from tests.support.running import Done, flowc
from tests.support.s3_server import S3Server

from .deploying import STORE, Dump
from .faults import value

PYTHON = "3.11"  # of the node's image
# Two environments, and what each step sees of its own. `reach` is how it fares with the index that `URL` stands for.
FLOW = """import errno, os, socket, urllib.request
from metaflow import FlowSpec, pypi, step

print("the code of the user")


def reach(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read()
    except OSError as error:
        reason = getattr(error, "reason", error)
        return errno.errorcode.get(getattr(reason, "errno", None), repr(reason))


class Packed(FlowSpec):
    @pypi(packages={'apple': '1.0'}, python='PYTHON')
    @step
    def start(self):
        import apple
        self.seen, self.place = apple.__version__, apple.__file__
        self.reached = reach("URL")
        self.next(self.end)

    @pypi(packages={'apple': '2.0'}, python='PYTHON')
    @step
    def end(self):
        import apple
        self.seen, self.place = [self.seen, apple.__version__], apple.__file__
"""

# What the issue calls the true acceptance: packages with compiled code, imported and used.
SCIENCE = """import errno, urllib.request
from metaflow import FlowSpec, pypi, step
REACH


class Science(FlowSpec):
    @pypi(packages={'numpy': '2.2.6', 'pandas': '2.2.3', 'scikit-learn': '1.6.1'}, python='PYTHON')
    @step
    def start(self):
        import numpy, pandas, sklearn
        from sklearn.linear_model import LinearRegression
        table = pandas.DataFrame({'x': numpy.arange(10.0), 'y': 3 * numpy.arange(10.0) + 1})
        model = LinearRegression().fit(table[['x']], table['y'])
        self.line = (round(float(model.coef_[0]), 6), round(float(model.intercept_), 6))
        self.versions = (numpy.__version__, pandas.__version__, sklearn.__version__)
        self.places = sorted({module.__file__.rpartition('/environments/')[0] for module in (numpy, pandas, sklearn)})
        self.reached = reach("URL")
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SCIENCE = SCIENCE.replace(
    "REACH", "\n" + FLOW[FLOW.index("\ndef reach") : FLOW.index("\n\n\nclass Packed")].strip("\n")
)


# A conda environment with a program, files that name its place, a Python of its own, and a package of PyPI.
CONDA = """import errno, os, subprocess, sys, urllib.request
from metaflow import FlowSpec, conda, pypi, step
REACH


class Solved(FlowSpec):
    @conda(packages={'apple': '1.0'}, python='VERSION')
    @step
    def start(self):
        import apple
        self.seen, self.place = [apple.__version__], apple.__file__
        self.reached = reach("URL")
        self.next(self.middle)

    @conda(packages={'apple': '2.0', 'clib': ''}, python='VERSION')
    @pypi(packages={'plum': '1.0'})
    @step
    def middle(self):
        import apple, plum
        self.seen += [apple.__version__, plum.__version__]
        self.prefix, self.program = sys.prefix, sys.executable
        self.tool = subprocess.run(['tool'], capture_output=True, text=True, check=True).stdout.strip()
        text = open(self.prefix + '/lib/libx.so.1', 'rb').read().split(b'\\0')[1].decode()
        self.binary = os.path.normpath(text)  # padded, with room for another place
        self.next(self.end)

    @pypi(packages={'apple': '3.0'}, python='PYTHON')
    @step
    def end(self):
        import apple
        self.seen += [apple.__version__]
"""
CONDA = CONDA.replace("VERSION", f"{PYTHON}.2").replace(
    "REACH", SCIENCE[SCIENCE.index("\ndef reach") : SCIENCE.index("\n\n\nclass")]
)


def channel(layer: bytes) -> Channel:
    """Returns a channel whose Python is that of the image with this layer."""
    path = Path("usr/bin", f"python{PYTHON}")
    with tarfile.open(fileobj=io.BytesIO(layer)) as image:
        file = next(member for member in image if member.isfile() and PurePath(member.name.lstrip("./")) == path)
        content = image.extractfile(file)
        assert content is not None
        interpreter = content.read()
    placed = PLACEHOLDER.encode()
    files: dict[str, Entry] = {
        "bin/tool": b"#!/bin/sh\ncat " + placed + b"/share/x.txt\n",
        "share/x.txt": b"root=" + placed + b"\n",
        "lib/libx.so.1": b"\x7fELF\0" + placed + b"\0rest\0",
    }
    prefixes = {"bin/tool": "text", "share/x.txt": "text", "lib/libx.so.1": "binary"}
    return Channel(
        python(f"{PYTHON}.2", other=(Path("/", path), interpreter)),
        package("clib", "1.0", files, prefixes=prefixes, executable=("bin/tool",), form=".conda"),
        library("apple", "1.0"),
        library("apple", "2.0"),
    )


def settings(folder: Path, channel: Channel) -> None:
    (folder / "pyproject.toml").write_text(f'[tool.flowc]\nchannels = ["{channel.url}"]\n')


def check_conda(found: Dump, place: str) -> None:
    """The tasks ran in the environment's own Python, and every file names the place where the environment is."""
    assert value(found, "end", "seen") == "['1.0', '2.0', '1.0', '3.0']"
    assert value(found, "start", "reached") == "'ENETUNREACH'"
    prefix = value(found, "middle", "prefix")
    assert place in prefix and place in value(found, "start", "place")
    assert value(found, "middle", "tool") == f"'root={prefix[1:-1]}'"
    assert value(found, "middle", "binary") == prefix
    assert value(found, "middle", "program").startswith(f"{prefix[:-1]}/bin/python")


def wheels() -> list[tuple[str, bytes]]:
    return [*(wheel("apple", f"{number}.0") for number in (1, 2, 3)), wheel("plum", "1.0", requires=("apple",))]


def write(folder: Path, flow: str, url: str) -> Path:
    """Writes the flow to a file of its own."""
    path = folder / "packed.py"
    path.write_text(flow.replace("PYTHON", PYTHON).replace("URL", url))
    return path


class Preparing:
    """The commands that come before a deploy, on the machine of who deploys, with caches of their own."""

    def __init__(self, path: Path, index: PackageIndex | None, s3: S3Server) -> None:
        self.path = path
        own = (
            {"UV_DEFAULT_INDEX": index.url, "UV_CACHE_DIR": mkdtemp(dir=path.parent), "NO_PROXY": "127.0.0.1"}
            if index
            else {}
        )
        self.env = {
            **s3.environment,
            "FLOWC_CACHE": str(path.parent / "cache"),
            "RATTLER_CACHE_DIR": str(path.parent / "rattler"),
            "HOME": os.environ.get("HOME", "/root"),
            **own,
        }

    def run(self, *words: str, check: bool = True) -> Done:
        return flowc(*words, env=self.env, check=check)

    def lock(self, *options: str) -> None:
        self.run("lock", str(self.path), *options)

    def archives(self) -> None:
        """Puts the archives into the datastore."""
        self.run("environment", "build", str(self.path), "--store", STORE)

    def images(self, host: str, image: str, layer: bytes, *options: str) -> tuple[str, ...]:
        """Pushes the images, on a base of that layer, to the registry; returns options of `flowc compile`."""
        base = self.path.parent / "base"
        if not base.exists():
            write_layout(
                base, [layer], config={"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
            )
        repository = f"{host}/team/flows"
        words = ["--repository", repository, "--image", image, "--base", str(base)]
        self.run("image", "push", str(self.path), *words, *options)
        return ("--environments", "image", "--repository", repository, "--image", image)

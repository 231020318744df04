"""What engines need to run flows with environments of their own: locks, archives in the datastore, images in a registry, and no way to an index."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp

from tests.support.package_index import PackageIndex, wheel
from tests.support.registry import write_layout
from tests.support.running import Done, flowc
from tests.support.s3_server import S3Server

from .deploying import STORE

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


def wheels() -> list[tuple[str, bytes]]:
    return [wheel("apple", "1.0"), wheel("apple", "2.0")]


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

"""The real registry of the distribution project, built once from the Go module proxy; each one of a test is a process on loopback.

`python -m tests.engines.image_registry` (`make engines`) builds it ahead of the tests.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.running import until

from .object_stores import installed
from .versions import REGISTRY


def program() -> Path:
    """Returns the program. Raises CalledProcessError, with what was printed, if it cannot be built."""
    command = ["go", "install", f"github.com/distribution/distribution/v3/cmd/registry@{REGISTRY}"]
    return installed(f"registry-{REGISTRY}", command, GOBIN="{}", GOTOOLCHAIN="auto") / "registry"


@contextmanager
def image_registry(address: str = "127.0.0.1", certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Yields `HOST:PORT` of an empty registry. containerd asks those on loopback without TLS.

    `certificate` is a certificate and its key, for TLS.
    """
    with TemporaryDirectory(prefix="flowc-registry-") as folder:
        with closing(socket.socket()) as one:
            one.bind((address, 0))
            host = f"{address}:{one.getsockname()[1]}"
        settings: dict[str, Any] = {  # JSON is YAML
            "version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": f"{folder}/data"}}, "http": {"addr": host},
        }  # fmt: skip
        if certificate is not None:
            settings["http"]["tls"] = dict(zip(("certificate", "key"), map(str, certificate)))
        Path(folder, "settings.yml").write_text(json.dumps(settings))
        with open(f"{folder}/log", "wb") as log:
            process = subprocess.Popen([str(program()), "serve", f"{folder}/settings.yml"], stdout=log, stderr=log)
        try:
            until(lambda: process.poll() is not None or _answers(host), "the registry answers", 60, every=0.1)
            assert process.poll() is None, Path(folder, "log").read_text()
            yield host
        finally:
            process.kill()
            process.wait()


def _answers(host: str) -> bool:
    name, _, port = host.partition(":")
    with closing(socket.socket()) as one:
        return one.connect_ex((name, int(port))) == 0


if __name__ == "__main__":
    print(program())

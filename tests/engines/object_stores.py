"""Real servers of Google Cloud Storage's and Azure Blob Storage's protocols, on loopback: fake-gcs-server (Go) and Azurite (Node).

Installed once from the Go module proxy and from npm, into $FLOWC_ENGINES (default `~/.cache/flowc/engines`), in folders named by their
versions. `python -m tests.engines.object_stores` (`make engines`) does it ahead of the tests.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import gcs_xml

FAKE_GCS = "v1.56.1"
AZURITE = "3.35.0"
PATH = os.environ["PATH"] + ":/usr/local/go/bin"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # Azurite's own, in its documentation


def _cache(name: str) -> Path:
    return Path(os.environ.get("FLOWC_ENGINES") or os.path.expanduser("~/.cache/flowc/engines")) / name


def installed(name: str, command: list[str], **environment: str) -> Path:
    """Returns the folder that the command fills; `{}` stands for it.

    Runs it once. Raises CalledProcessError with its output.
    """
    folder = _cache(name)
    if not folder.exists():
        print(f"engines: installing {name}, once", file=sys.stderr, flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            target = os.path.join(unfinished, "made")
            os.mkdir(target)
            done = subprocess.run(
                [word.replace("{}", target) for word in command], cwd=target, capture_output=True, text=True,
                env={**os.environ, "PATH": PATH, **{key: value.replace("{}", target) for key, value in environment.items()}},
            )  # fmt: skip
            if done.returncode:
                print(done.stdout + done.stderr, file=sys.stderr)
                done.check_returncode()
            try:
                os.rename(target, folder)
            except OSError:  # another process was first
                shutil.rmtree(target)
    return folder


def from_npm(package: str, version: str) -> Path:
    """Returns the folder whose `node_modules` has the package. Raises as `installed` does."""
    return installed(
        f"{package}-{version}", ["npm", "install", "--no-audit", "--no-fund", "--prefix", "{}", f"{package}@{version}"]
    )


def fake_gcs_server() -> Path:
    name = f"fake-gcs-server-{FAKE_GCS}"
    return (
        installed(
            name, ["go", "install", f"github.com/fsouza/fake-gcs-server@{FAKE_GCS}"], GOBIN="{}", GOTOOLCHAIN="auto"
        )
        / "fake-gcs-server"
    )


def azurite() -> Path:
    return from_npm("azurite", AZURITE) / "node_modules" / ".bin" / "azurite-blob"


@contextmanager
def gcs() -> Iterator[dict[str, str]]:
    """A server with the bucket `bucket`; yields the environment in which gs:// reaches it."""
    with tempfile.TemporaryDirectory() as data:
        os.mkdir(os.path.join(data, "bucket"))
        port = _free_port()
        options = [
            "-backend",
            "memory",
            "-scheme",
            "http",
            "-host",
            "127.0.0.1",
            "-port",
            str(port),
            "-data",
            data,
            "-log-level",
            "warn",
        ]
        command = [str(fake_gcs_server()), *options, "-public-host", f"127.0.0.1:{port}"]
        with _server(command, port), gcs_xml.front(f"127.0.0.1:{port}") as url:
            yield {"STORAGE_EMULATOR_HOST": url}


@contextmanager
def azure() -> Iterator[dict[str, str]]:
    """A server with the container `bucket`; yields the environment in which az:// reaches it."""
    with tempfile.TemporaryDirectory() as data:
        port = _free_port()
        options = [
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--location",
            data,
            "--silent",
            "--skipApiVersionCheck",
            "--inMemoryPersistence",
        ]
        command = [str(azurite()), *[option for option in options if option not in ("--location", data)]]
        with _server(command, port):
            _create_container(port)
            endpoint = f"http://127.0.0.1:{port}/devstoreaccount1"
            yield {
                "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=devstoreaccount1;AccountKey={KEY};BlobEndpoint={endpoint}"
            }


def _create_container(port: int) -> None:
    """Create Container, signed with the account's key (Azure Storage reference, Authorize with Shared Key)."""
    import base64
    import hashlib
    import hmac
    import urllib.request
    from email.utils import formatdate

    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    canonical = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    text = "PUT\n" + "\n" * 11 + f"{canonical}\n/devstoreaccount1/devstoreaccount1/bucket\nrestype:container"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()
    headers["Authorization"] = f"SharedKey devstoreaccount1:{signature}"
    url = f"http://127.0.0.1:{port}/devstoreaccount1/bucket?restype=container"
    with urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers)) as answer:
        assert answer.status == 201


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _server(command: list[str], port: int) -> Iterator[None]:
    """The server while it is needed. Fails with what it printed if it does not come to answer."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        log.seek(0)
                        raise AssertionError(
                            f"{command[0]} does not answer:\n{log.read().decode(errors='replace')}"
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    print(fake_gcs_server(), azurite(), sep="\n")

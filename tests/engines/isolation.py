"""A network for jobs that reaches one address of this machine, where a test's servers are, and nothing else. Needs to be root on Linux."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADDRESS, INSIDE = "10.233.7.1", "10.233.7.2"  # of the servers, of the jobs
ELSEWHERE = "10.233.7.9"  # another address of this machine, which the jobs have no route to
NAME, LINK, PEER = "flowc-jobs", "flowc-jobs0", "flowc-jobs1"


@contextmanager
def isolated_network() -> Iterator[str]:
    """Yields the words before a command that run it in the network: a namespace with one link, and no default route."""
    _undo()
    for command in (
        ["netns", "add", NAME],
        ["link", "add", LINK, "type", "veth", "peer", "name", PEER, "netns", NAME],
        ["addr", "add", f"{ADDRESS}/30", "dev", LINK],
        ["addr", "add", f"{ELSEWHERE}/32", "dev", LINK],
        ["link", "set", LINK, "up"],
        ["-n", NAME, "addr", "add", f"{INSIDE}/30", "dev", PEER],
        ["-n", NAME, "link", "set", PEER, "up"],
        ["-n", NAME, "link", "set", "lo", "up"],
    ):
        subprocess.run(["ip", *command], check=True, capture_output=True)
    try:
        yield f"nsenter --net=/run/netns/{NAME}"
    finally:
        _undo()


def _undo() -> None:
    for command in (["link", "del", LINK], ["netns", "del", NAME]):
        subprocess.run(["ip", *command], capture_output=True)


def pull(host: str, name: str, digest: str, folder: Path) -> None:
    """Unpacks an image of the registry into the folder, layer by layer, as a container engine does."""
    folder.mkdir(parents=True)
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    manifest = json.loads(_get(f"http://{host}/v2/{name}/manifests/{digest}", accept))
    for layer in manifest["layers"]:
        data = _get(f"http://{host}/v2/{name}/blobs/{layer['digest']}", {})
        subprocess.run(["tar", "-xz", "--numeric-owner", "-C", str(folder)], input=data, check=True)


def _get(url: str, headers: dict[str, str]) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return bytes(answer.read())

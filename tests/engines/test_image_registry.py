"""`flowc image` with the real registry: what it takes, that nothing is uploaded twice, and TLS at an address that is not loopback."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.package_index import PackageIndex
from tests.support.registry import INDEX, MANIFEST, layer, write_layout
from tests.support.running import Done
from tests.support.s3_server import S3Server

from .environments import FLOW, Preparing, wheels, write
from .image_registry import image_registry
from .isolation import ADDRESS, isolated_network

IMAGE = "python:3.11-slim"
BASE = layer({"bin/python": "#!/bin/sh\n"})


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Preparing]:
    with PackageIndex(*wheels()) as index:
        made = Preparing(write(tmp_path, FLOW, index.url), index, S3Server(""))
        made.env["DOCKER_CONFIG"] = str(tmp_path)
        made.lock("--platform", "linux/amd64,linux/arm64")
        yield made


def push(flow: Preparing, repository: str, base: str, *options: str, check: bool = True) -> Done:
    words = ["--repository", repository, "--image", IMAGE, "--base", base, *options]
    return flow.run("image", "push", str(flow.path), *words, check=check)


@pytest.mark.engine
def test_a_base_in_the_same_registry(flow: Preparing) -> None:
    """A base that flowc itself has made: the real registry mounts its layers, and an image that exists is not uploaded."""
    with image_registry() as host:
        flow.images(host, IMAGE, BASE, "--platform", "linux/amd64")
        with urllib.request.urlopen(f"http://{host}/v2/team/flows/tags/list") as answer:
            tags = json.load(answer)["tags"]
        assert len(tags) == 2 and all(tag.startswith("flowc-") for tag in tags), "one for each environment"
        done = push(flow, f"{host}/other/flows", f"{host}/team/flows:{tags[0]}", "--platform", "linux/amd64")
        assert done.stdout.count(f"{host}/other/flows@sha256:") == 2 and " B uploaded" in done.stdout
        done = push(flow, f"{host}/other/flows", f"{host}/team/flows:{tags[0]}", "--platform", "linux/amd64")
        assert done.stdout.count(", exists") == 2
        done = push(flow, f"{host}/other/flows", f"{host}/team/flows:{tags[0]}", check=False)
        assert (
            done.returncode == 1 and "is for linux/amd64, and the environment is locked for linux/arm64" in done.stderr
        )


@pytest.mark.engine
def test_an_index_of_two_machines(flow: Preparing, tmp_path: Path) -> None:
    """The registry takes only an index whose images it has, and gives it back under its digest."""
    with image_registry() as host:
        done = push(flow, f"{host}/team/flows", two_machines(tmp_path / "two"))
        digests = sorted(set(re.findall(r"team/flows@(sha256:\w+)", done.stdout)))
        assert len(digests) == 2
        for digest in digests:
            with urllib.request.urlopen(f"http://{host}/v2/team/flows/manifests/{digest}") as answer:
                data = answer.read()
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
            entries = json.loads(data)["manifests"]
            assert [each["platform"] for each in entries] == [
                {"architecture": each, "os": "linux"} for each in ("amd64", "arm64")
            ]


def two_machines(folder: Path) -> str:
    """Writes a layout of an index of two images; returns its path."""
    entries = []
    for machine in ("amd64", "arm64"):
        digest = write_layout(folder / machine, [BASE], architecture=machine)
        shutil.copytree(folder / machine / "blobs", folder / "blobs", dirs_exist_ok=True)
        entries.append(
            {"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": machine}}
        )
    data = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    digest = hashlib.sha256(data).hexdigest()
    (folder / "blobs" / "sha256" / digest).write_bytes(data)
    (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": f"sha256:{digest}", "mediaType": INDEX}]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return str(folder)


@pytest.mark.node  # for its root: the address must not be loopback
def test_tls(flow: Preparing, tmp_path: Path) -> None:
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=registry"]
    command += ["-addext", f"subjectAltName=IP:{ADDRESS}", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True)
    with isolated_network(), image_registry(ADDRESS, files) as host:
        flow.env["NO_PROXY"] = f"127.0.0.1,{ADDRESS}"
        words = [
            "--repository",
            f"{host}/team/flows",
            "--image",
            IMAGE,
            "--base",
            str(tmp_path / "base"),
            "--platform",
            "linux/amd64",
        ]
        write_layout(tmp_path / "base", [BASE])
        done = flow.run("image", "push", str(flow.path), *words, check=False)
        assert done.returncode == 1 and "certificate verify failed" in done.stderr and "Traceback" not in done.stderr
        flow.env["SSL_CERT_FILE"] = str(files[0])
        done = flow.run("image", "push", str(flow.path), *words)
        assert done.stdout.count(f"{host}/team/flows@sha256:") == 2

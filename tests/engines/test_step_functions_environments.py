"""Batch's jobs with packages of their own, in a network that reaches nothing but the datastore: from archives, and in the images of a real registry."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.package_index import PackageIndex

from .deploying import STORE, left
from .environments import CONDA, FLOW, SCIENCE, Preparing, channel, check_conda, settings, wheels, write
from .faults import value
from .image_registry import image_registry
from .isolation import ADDRESS, ELSEWHERE, isolated_network, pull
from .kubernetes import build as recipe
from .step_functions import StepFunctions, step_functions
from .test_environments import IN_IMAGE, UNPACKED, check_science

pytestmark = pytest.mark.node  # for its root, and the image that it makes

IMAGE = "docker.io/flowc-test/python:1"


@dataclass(frozen=True)
class Isolated:
    aws: StepFunctions
    images: Path  # folder of unpacked images, by digest
    layer: bytes  # of the base image


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isolated]:
    folder = tmp_path_factory.mktemp("isolated")
    layer = (recipe.build() / "images" / "python.layer").read_bytes()
    with isolated_network() as inside:
        python = folder / "python"
        plain = getattr(sys, "_base_executable", sys.executable)
        python.write_text(
            f'#!/bin/sh\ncase "$JOB_IMAGE" in\n*@sha256:*) exec {inside} chroot "{folder}/${{JOB_IMAGE##*:}}" /usr/bin/python3 "$@" ;;\n'
            f'*) exec {inside} {plain} "$@" ;;\nesac\n'
        )
        python.chmod(0o755)
        with step_functions(ADDRESS, str(python)) as aws:
            yield Isolated(aws, folder, layer)


def run(isolated: Isolated, flow: Preparing, host: str = "", *more: str) -> str:
    """Runs the flow from archives, or with a registry from images; returns the run's id."""
    options: tuple[str, ...] = ()
    if host:
        options = flow.images(host, IMAGE, isolated.layer, *more)
    else:
        flow.archives()
    made, machine = isolated.aws.deploy(flow.path, "inject", *options)
    if host:
        digests = {part[:64] for part in made.only(".batch.json").split("team/flows@sha256:")[1:]}
        assert digests
        for digest in digests:
            pull(host, "team/flows", f"sha256:{digest}", isolated.images / digest)
    outcome = isolated.aws.wait(isolated.aws.start(machine))
    assert outcome.succeeded, outcome.detail
    return outcome.run


@pytest.mark.parametrize("place", [UNPACKED, IN_IMAGE])
def test_packages_without_an_index(place: str, isolated: Isolated, tmp_path: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, image_registry() as host:
        flow = Preparing(write(tmp_path, FLOW, index.url), index, isolated.aws.s3)
        flow.lock()
        name = run(isolated, flow, host if place == IN_IMAGE else "")
    found = left(isolated.aws.s3, name, "Packed")
    assert value(found, "end", "seen") == "['1.0', '2.0']" and value(found, "start", "reached") == "'ENETUNREACH'"
    assert place in value(found, "start", "place") and place in value(found, "end", "place")


@pytest.mark.parametrize("place", [UNPACKED, IN_IMAGE])
def test_conda(place: str, isolated: Isolated, tmp_path: Path) -> None:
    with PackageIndex(*wheels(), address=ELSEWHERE) as index, channel(isolated.layer) as server:
        flow = Preparing(write(tmp_path, CONDA, index.url), index, isolated.aws.s3)
        settings(tmp_path, server)
        flow.lock()
        with image_registry() as host:
            name = run(isolated, flow, host if place == IN_IMAGE else "")
    check_conda(left(isolated.aws.s3, name, "Solved"), place)


@pytest.mark.nightly
@pytest.mark.parametrize("place", [UNPACKED, IN_IMAGE])
def test_science(place: str, isolated: Isolated, tmp_path: Path) -> None:
    flow = Preparing(write(tmp_path, SCIENCE, f"http://{ELSEWHERE}/"), None, isolated.aws.s3)
    flow.lock()
    with image_registry() as host:
        name = run(isolated, flow, host if place == IN_IMAGE else "", "--store", STORE)
    check_science(left(isolated.aws.s3, name, "Science"), place)

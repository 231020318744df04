"""Installs the locked packages of PyPI into a folder, and removes whatever differs from machine to machine."""

from __future__ import annotations

import os

from . import uv
from .built import Building, wheel_of
from .moments import until

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .pylock import Lock

_DROPPED = ("direct_url.json", "INSTALLER", "REQUESTED", "uv_cache.json", "uv_build.json")  # written by installers
_SCRIPT = """#!/usr/bin/env python3
import sys

from {module} import {first}

sys.exit({function}())
"""


def install_wheels(lock: Lock, where: list[str]) -> None:
    """Installs exactly what is locked; `where` are uv's options for the destination.

    Raises uv.Refused.
    """
    options, _ = uv.indexes(tuple(lock.indexes[:-1]), lock.indexes[-1] if lock.indexes else "", over=True)
    common = ["pip", "install", "-q", "--no-deps", "--no-build"]
    wheels = [wheel.requirement for wheel in lock.wheels if not wheel.built]
    if wheels:
        uv.run(
            [*common, "--require-hashes", "-r", "-", *options, *where],
            "".join(f"{requirement}\n" for requirement in wheels),
        )
    sources = [wheel for wheel in lock.wheels if wheel.built]
    if sources:
        building = Building(lock.interpreter, lock.platform, (*options, *until(lock.exclude_newer)))
        paths = [wheel_of(source, lock.folder, building) for source in sources]
        uv.run([*common, "--no-index", *where, *paths])


def clean(folder: str) -> None:
    """Removes whatever differs from builder to builder."""
    scripts = os.path.join(folder, "bin")
    points = dict(_entry_points(folder))
    for name in sorted(os.listdir(scripts)) if os.path.isdir(scripts) else ():
        path = os.path.join(scripts, name)
        if name in points:
            _write(path, points[name])
        elif os.path.isfile(path):
            _without_interpreter(path)
    for entry in os.listdir(folder):
        path = os.path.join(folder, entry)
        if entry == ".lock":
            os.remove(path)
        elif entry.endswith(".dist-info"):
            for name in _DROPPED:
                if os.path.exists(os.path.join(path, name)):
                    os.remove(os.path.join(path, name))
            _clean_record(os.path.join(path, "RECORD"))


def _entry_points(folder: str) -> Iterator[tuple[str, str]]:
    """Yields each console script and its text (Entry points specification)."""
    import configparser

    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry, "entry_points.txt")
        if not entry.endswith(".dist-info") or not os.path.exists(path):
            continue
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
        except (configparser.Error, UnicodeDecodeError):
            continue
        for group in ("console_scripts", "gui_scripts"):
            for name, value in parser.items(group) if parser.has_section(group) else ():
                module, _, function = value.partition("[")[0].strip().partition(":")
                names = [*module.split("."), *function.split(".")]
                if all(part.isidentifier() for part in names):  # it becomes Python's text
                    yield name, _SCRIPT.format(module=module, first=function.split(".")[0], function=function)


def _without_interpreter(path: str) -> None:
    """Resets the first line of a wheel's script, in which the installer wrote the path of an interpreter here."""
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(b"#!/bin/sh\n'''exec'"):  # the form for a path that is too long for the kernel
        data = b"#!\n" + data.split(b"\n", 3)[3]
    elif not data.startswith(b"#!") or b"python" not in data.partition(b"\n")[0]:
        return
    with open(path, "wb") as file:
        file.write(b"#!/usr/bin/env python3\n" + data.partition(b"\n")[2])


def _clean_record(path: str) -> None:
    """Removes scripts, whose texts differ from builder to builder, and dropped files from a RECORD; sorts it."""
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        lines = [
            line.rstrip("\n")
            for line in file
            if not line.startswith(("bin/", "../")) and line.split(",")[0].rpartition("/")[2] not in _DROPPED
        ]
    _write(path, "\n".join(sorted(lines)) + "\n")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

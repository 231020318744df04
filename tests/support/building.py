"""Helpers of tests: a flow's source to its program, its spec, a run of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from flowc.compiler.fast_start.record import replace
from flowc.compiler.package.archive import build
from flowc.compiler.pipeline import Program, load
from flowc.targets.target import Options, SpecFile, emitter

from flowc.runtime_bundle import write_folder

STORE = "s3://bucket/flows"
CODE = "sha256:" + "0" * 64


def program_of(source: str, folder: Path) -> Program:
    """Writes the source to `flow.py` in the folder and analyzes it. Raises Refused."""
    path = folder / "flow.py"
    path.write_text(source, encoding="utf-8")
    return load(str(path))


def options_of(target: str, **options: str) -> Options:
    """Returns the command line's default options with these changes. The target's own have `_` for `-`."""
    own = {option.name: option.default for option in emitter(target).OPTIONS}
    for name in list(options):
        if name.replace("_", "-") in own:
            own[name.replace("_", "-")] = options.pop(name)
    return Options(**{"code": CODE, "store": STORE, **options, "of_target": tuple(own.items())})  # type: ignore[arg-type]


def spec_of(program: Program, target: str, **own: str) -> tuple[SpecFile, ...]:
    """The spec of the program's flow. Fails if the target refuses it."""
    options = replace(options_of(target, **own), widths=program.widths)
    refused = [
        diagnostic for diagnostic in emitter(target).check(program.flow, options) if diagnostic.severity == "error"
    ]
    assert not refused, refused
    return emitter(target).emit(program.flow, program.scope, options)


def documents(text: str) -> list[Any]:
    """The documents of a YAML file, read by libyaml where PyYAML has it: in a tenth of the time."""
    return list(yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def package_of(program: Program, folder: Path) -> str:
    """Writes the flow's code package below a datastore's folder, and returns its digest."""
    package = build(program.flow, program.scope, program.files)
    place = folder / program.flow.name / "code" / package.file_name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(package.compressed())
    return package.digest


def runtime_folder(folder: Path, python: str = sys.executable) -> Path:
    """Fills the folder like `/runtime` of the runtime image (Dockerfile), compiled for that Python.

    Other versions ignore its bytecode.
    """
    write_folder(str(folder))
    subprocess.run([python, "-m", "flowc.runtime_shim.fast_start.one_file"], cwd=folder, check=True)
    return folder

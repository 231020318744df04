"""`flowc init`: writes the files of a new project."""

from __future__ import annotations

import os
import re

from .. import new_project
from ..options import Option, Usage, parse
from ..terminal import Failure, Output

USAGE = ("flowc init [FOLDER] [OPTIONS]",)
TEXT = """
Writes a project to begin with: a flow that runs on this machine, pyproject.toml with a context for development and one
for production, and a workflow for GitHub that checks pull requests, shows what they would change, and deploys what is
merged. Files that exist are left as they are.
"""
OPTIONS = (
    Option("--flow", "the name of the flow's class", "NAME", default="made from the folder's name"),
    Option("--target", "the orchestrator", "TARGET", "-t", default="argo"),
    Option("--store", "the datastore of its tasks", "URL", default="s3://my-bucket/flowc"),
    Option("--ci", "the workflow for continuous integration", "WHICH", default="github", choices=("github", "none")),
)
EXAMPLES = (
    ("flowc init forecasts", "a project in the new folder `forecasts`, for Argo"),
    ("flowc init --target step-functions --store s3://models/flowc", "in this folder, for AWS"),
)


def run(argv: list[str], out: Output) -> int:
    arguments = parse(argv, OPTIONS)
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`: the folder is `{arguments.positional[0]}`")
    folder = "".join(arguments.positional) or "."
    project = _project(folder, arguments.text("--flow"), arguments.text("--target", "argo"), arguments)
    written, kept = [], []
    for name, text in new_project.files(project).items():
        path = os.path.join(folder, name)
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            kept.append(name)
        except OSError as error:
            raise Failure(f"{path} cannot be written: {error.strerror}") from None
        else:
            written.append(name)
    for name in written:
        out.print(f"wrote {os.path.normpath(os.path.join(folder, name))}")
    for name in kept:
        out.print(f"{os.path.normpath(os.path.join(folder, name))} exists, and is left as it is")
    if "pyproject.toml" in kept and not _has_contexts(os.path.join(folder, "pyproject.toml")):
        out.print("\nadd this to pyproject.toml:\n")
        out.print(new_project.files(project)["pyproject.toml"].rstrip())
    _next_steps(folder, project, ".github/workflows/flowc.yml" in written, out)
    return 0


def _project(folder: str, flow: str, target: str, arguments: object) -> new_project.Project:
    """Returns what is asked for. Raises Usage."""
    from keyword import iskeyword

    from flowc.targets.target import names

    from ..options import Arguments

    assert isinstance(arguments, Arguments)
    if target not in names():
        raise Usage(f"unknown target `{target}`", "the targets are " + ", ".join(names()))
    words = re.findall("[A-Za-z0-9]+", os.path.basename(os.path.abspath(folder)))
    name = "".join(word[0].upper() + word[1:] for word in words)
    name = flow or (name if name[:1].isalpha() else f"Flow{name}")
    if not name.isidentifier() or not name.isascii() or iskeyword(name):
        raise Usage(f"`{name}` cannot be the name of a class", "give one with `--flow`, such as `--flow Forecast`")
    stem = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    stem = f"{stem}_flow" if iskeyword(stem) or stem in _TAKEN else stem
    store = arguments.text("--store", "s3://my-bucket/flowc").rstrip("/")
    return new_project.Project(name, f"{stem}.py", target, store, arguments.text("--ci", "github"))


_TAKEN = ("metaflow", "flowc")  # modules that a flow imports: a file of that name would hide them


def _has_contexts(path: str) -> bool:
    try:
        with open(path, encoding="utf-8") as file:
            return "[tool.flowc.contexts." in file.read()
    except (OSError, UnicodeDecodeError):
        return False


def _next_steps(folder: str, project: new_project.Project, has_ci: bool, out: Output) -> None:
    there = f"cd {folder} && " if os.path.normpath(folder) != "." else ""
    steps = [
        (f"{there}flowc run {project.file}", "runs it on this machine"),
        ("flowc doctor --on dev", "says what is missing in the place that pyproject.toml names"),
        (f"flowc run {project.file} --on dev", "runs it there once"),
        (f"flowc deploy {project.file} --on dev", "deploys it"),
    ]
    width = max(len(command) for command, _ in steps)
    out.print("\nnext:")
    for command, text in steps:
        out.print(f"  {command:<{width}}  {text}")
    if has_ci:
        out.print(f"  the workflow on GitHub needs {new_project.NEEDED.get(project.target, 'credentials')}")

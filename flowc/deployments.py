"""Manifests: the files in an output folder that belong to a deployment, and that a later compile may delete.

`DIR/deployments/TARGET/NAME.sha256` lists the files of the deployment NAME, as `sha256sum --check` reads them in DIR,
with the flow, the code package and the engine's objects in comments above. It depends on the spec alone and is
committed beside it. If a listed file still has its digest, flowc wrote it and nobody has changed it.

    # What `flowc compile` wrote for argo as `hello`. It deletes what is listed here when it no longer writes it.
    # flow Hello
    # code sha256:…
    # deploys workflowtemplate hello
    5891b5b5…  argo/hello.argo.yaml

Lines of any other form are skipped, such as git's conflict markers: the manifest then lists the files of both sides.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record

from . import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "deployments"
SUFFIX = ".sha256"


@record
class Manifest:
    """The files and objects of one deployment for one target."""

    flow: str = ""
    codes: tuple[str, ...] = ()  # digests of code packages, "sha256:…": one, or several after an interrupted compile
    items: tuple[str, ...] = ()  # the engine's objects (`flowc.targets.target.Deployment`)
    files: tuple[tuple[str, str], ...] = ()  # (name in the target's folder, 64 hexadecimal digits)


def path_of(folder: str, target: str, name: str) -> str:
    """Returns the path of the deployment's manifest."""
    return os.path.join(folder, FOLDER, target, name + SUFFIX)


def of_target(folder: str, target: str) -> dict[str, Manifest]:
    """Returns the manifests of all deployments for the target, by name. Raises Failure for one that cannot be read."""
    try:
        names = sorted(os.listdir(os.path.join(folder, FOLDER, target)))
    except (OSError, ValueError):
        return {}
    manifests = {}
    for file_name in names:
        name = file_name.removesuffix(SUFFIX)
        if name != file_name and (data := files.read(path_of(folder, target, name))) is not None:
            manifests[name] = parse(target, data.decode("utf-8", "replace"))
    return manifests


def text(target: str, name: str, manifest: Manifest) -> str:
    """Returns the manifest as text."""
    return "".join(f"{line}\n" for line in _lines(target, name, manifest))


def _lines(target: str, name: str, manifest: Manifest) -> Iterator[str]:
    yield (
        f"# What `flowc compile` wrote for {target} as `{name}`. "
        "It deletes what is listed here when it no longer writes it."
    )
    yield f"# flow {manifest.flow}"
    yield from (f"# code {code}" for code in sorted(set(manifest.codes)))
    yield from (f"# deploys {item}" for item in sorted(set(manifest.items)))
    yield from (f"{digest}  {target}/{file}" for file, digest in sorted(set(manifest.files)))


def parse(target: str, content: str) -> Manifest:
    """Returns the manifest that the text holds."""
    flow, codes, items, listed = "", [], [], []
    for line in content.split("\n"):
        key, _, value = line.rstrip("\r").removeprefix("# ").partition(" ")
        if not line.startswith("# "):
            place, _, name = value.removeprefix(" ").partition("/")
            if place == target and _is_digest(key) and _is_file_name(name):
                listed.append((name, key))
        elif key == "flow" and value.isidentifier():
            flow = value
        elif key == "code" and value.startswith("sha256:") and _is_digest(value[7:]):
            codes.append(value)
        elif key == "deploys" and _is_item(value):
            items.append(value)
    return Manifest(flow, tuple(codes), tuple(items), tuple(listed))


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)


def _is_file_name(text: str) -> bool:
    """Returns True if the text names a file in the target's own folder."""
    return text not in ("", ".", "..") and not any(character in text for character in "/\\\0")


def _is_item(text: str) -> bool:
    """Returns True if the text is `KIND NAME`, two words that are safe to show in a command."""
    kind, _, name = text.partition(" ")
    return kind.isalnum() and name != "" and all(character.isalnum() or character in "_./-" for character in name)

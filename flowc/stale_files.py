"""Stale files: files that earlier compiles wrote into an output folder, and that this compile no longer writes.

A file is deleted only if its deployment's manifest lists it and its digest is still the one that flowc wrote. A user's
own file, or one that somebody changed, stays and is reported. Files of other deployments, which have a different flow,
branch, name or target, are not touched.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record
from flowc.compiler.package.archive import sha256_of
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.targets.target import deployer, names

from . import files
from .deployments import FOLDER, Manifest, of_target, path_of, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flowc.targets.target import Deployment, SpecFile

CODE = "code"  # the folder of code packages
_PACKAGE = ".tar.gz"


@record
class Part:
    """The result of compiling for one target."""

    target: str
    deployment: Deployment
    spec: tuple[SpecFile, ...]


@record
class Stale:
    """The changes to an output folder beside writing the spec and the package."""

    written: tuple[str, ...]  # paths of files that flowc wrote and nobody changed: deleted
    changed: tuple[str, ...]  # files that flowc wrote and somebody changed: kept
    unlisted: tuple[str, ...]  # files with a name of this deployment that no manifest lists: kept
    before: tuple[tuple[str, str], ...]  # (manifest, its text while files are written): old and new files
    after: tuple[tuple[str, str | None], ...]  # (manifest, its final text, None to delete it)
    notes: tuple[str, ...]  # lines for a person: other deployments of the flow, and replaced names without files
    diagnostics: tuple[Diagnostic, ...]


@record
class _Leftovers:
    """The files that earlier compiles left for one target."""

    part: Part
    new: Manifest  # the new manifest of the deployment
    old: dict[str, Manifest]  # by name: the earlier manifests of this deployment and of those that it replaces
    others: dict[str, Manifest]
    written: tuple[str, ...]  # paths, as in Stale
    changed: tuple[str, ...]
    unlisted: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.part.deployment.name

    @property
    def before(self) -> Manifest:
        """The earlier manifest of the deployment itself."""
        return self.old.get(self.name, Manifest())


def stale_files(folder: str, parts: Sequence[Part], flow: str, code: str, replaced: Sequence[str]) -> Stale:
    """Finds the stale files of these deployments, and of those called `replaced`, in the folder. It only reads.

    `code` is the digest of the flow's new package. Raises Failure for a file that cannot be read.
    """
    all_leftovers = tuple(_leftovers(folder, part, flow, code, replaced) for part in parts)
    written = [path for leftovers in all_leftovers for path in leftovers.written]
    rewritten = {os.path.join(folder, part.target, file.name) for part in parts for file in part.spec}
    rewritten |= {path_of(folder, leftovers.part.target, name) for leftovers in all_leftovers for name in leftovers.old}
    codes = {old for leftovers in all_leftovers for manifest in leftovers.old.values() for old in manifest.codes} - {
        code
    }
    packages = {old: path for old in sorted(codes) if os.path.isfile(path := _package_path(folder, old))}
    named = _named(packages, folder, {*rewritten, *written}) if packages else set()
    damaged = {old for old, path in packages.items() if old not in named and not _is_package(path, old)}
    written += [path for old, path in packages.items() if old not in named | damaged]
    changed = [path for leftovers in all_leftovers for path in leftovers.changed] + [
        packages[old] for old in sorted(damaged)
    ]
    unlisted = [path for leftovers in all_leftovers for path in leftovers.unlisted]
    diagnostics = [
        diagnostic
        for leftovers in all_leftovers
        for diagnostic in (*_about_items(leftovers), *_about_name(folder, leftovers))
    ]
    diagnostics += [*map(_about_changed, changed), *map(_about_unlisted, unlisted)]
    notes = [line for leftovers in all_leftovers for line in _beside(folder, leftovers)]
    notes += [
        f"`--replaces {name}`: {folder} has no files of that deployment"
        for name in replaced
        if not any(name in leftovers.old for leftovers in all_leftovers)
    ]
    after = [
        pair
        for leftovers in all_leftovers
        for pair in _after(folder, leftovers, damaged | named if leftovers.changed else damaged)
    ]
    return Stale(
        tuple(written),
        tuple(changed),
        tuple(unlisted),
        tuple(_before(folder, leftovers) for leftovers in all_leftovers),
        tuple(after),
        tuple(notes),
        tuple(diagnostics),
    )


def _leftovers(folder: str, part: Part, flow: str, code: str, replaced: Sequence[str]) -> _Leftovers:
    manifests = of_target(folder, part.target)
    old = {name: manifest for name, manifest in manifests.items() if name in (part.deployment.name, *replaced)}
    others = {name: manifest for name, manifest in manifests.items() if name not in old}
    spared = {file.name for file in part.spec} | {name for manifest in others.values() for name, _ in manifest.files}
    listed: dict[str, set[str]] = {}
    for manifest in old.values():
        for name, digest in manifest.files:
            listed.setdefault(name, set()).add(digest)
    written: list[str] = []
    changed: list[str] = []
    for name in sorted(listed.keys() - spared):
        path = os.path.join(folder, part.target, name)
        if os.path.lexists(path):
            is_own = os.path.isfile(path) and sha256_of(files.read(path) or b"") in listed[name]
            (written if is_own else changed).append(path)
    possible = sorted({*part.deployment.files} - spared - listed.keys())
    unlisted = [path for name in possible if os.path.lexists(path := os.path.join(folder, part.target, name))]
    spec = tuple((file.name, sha256_of(file.text.encode())) for file in part.spec)
    new = Manifest(flow, (code,), part.deployment.items, spec)
    return _Leftovers(part, new, old, others, tuple(written), tuple(changed), tuple(unlisted))


def _before(folder: str, leftovers: _Leftovers) -> tuple[str, str]:
    """Returns the manifest for the time of writing. After an interruption, the next compile finds all files in it."""
    old, new, target = leftovers.before, leftovers.new, leftovers.part.target
    both = Manifest(new.flow, (*old.codes, *new.codes), (*old.items, *new.items), (*old.files, *new.files))
    return path_of(folder, target, leftovers.name), text(target, leftovers.name, both)


def _after(folder: str, leftovers: _Leftovers, kept_codes: set[str]) -> Iterator[tuple[str, str | None]]:
    """Yields the final manifests. Stale files that are kept stay listed, so that `--check` keeps reporting them."""
    target = leftovers.part.target
    for name in sorted({leftovers.name, *leftovers.old}):
        old = leftovers.old.get(name, Manifest())
        new = leftovers.new if name == leftovers.name else Manifest(old.flow)
        codes = tuple(code for code in old.codes if code in kept_codes)
        kept = tuple(pair for pair in old.files if os.path.join(folder, target, pair[0]) in leftovers.changed)
        manifest = Manifest(new.flow, (*new.codes, *codes), new.items, (*new.files, *kept))
        is_gone = not (manifest.codes or manifest.files)
        yield path_of(folder, target, name), None if is_gone else text(target, name, manifest)


def _beside(folder: str, leftovers: _Leftovers) -> Iterator[str]:
    for name, manifest in leftovers.others.items():
        paths = dict.fromkeys(os.path.join(folder, leftovers.part.target, file) for file, _ in manifest.files)
        existing = [path for path in paths if os.path.exists(path)]
        if existing and manifest.flow == leftovers.new.flow:
            yield (
                f"deployment `{name}` of the same flow is here too: {', '.join(existing)}; "
                f"to delete these files, add `--replaces {name}`"
            )


def _package_path(folder: str, code: str) -> str:
    return os.path.join(folder, CODE, code.partition(":")[2] + _PACKAGE)


def _named(packages: Iterable[str], folder: str, apart_from: set[str]) -> set[str]:
    """Returns the digests that a file of any target or a manifest names, whoever wrote it."""
    named: set[str] = set()
    for target in names():
        for place in (os.path.join(folder, target), os.path.join(folder, FOLDER, target)):
            for entry in os.scandir(place) if os.path.isdir(place) else ():
                if entry.path not in apart_from and entry.is_file():
                    data = files.read(entry.path) or b""
                    named |= {code for code in packages if code.partition(":")[2].encode() in data}
    return named


def _is_package(path: str, code: str) -> bool:
    """Returns True if the file is the package with that digest."""
    import zlib

    try:
        return f"sha256:{sha256_of(zlib.decompress(files.read(path) or b'', 31))}" == code
    except zlib.error:
        return False


def _about_items(leftovers: _Leftovers) -> Iterator[Diagnostic]:
    """Yields FLOW610 for objects that the engine keeps."""
    present = {item for manifest in (leftovers.new, *leftovers.others.values()) for item in manifest.items}
    for item in sorted({item for manifest in leftovers.old.values() for item in manifest.items} - present):
        what, why, how = deployer(leftovers.part.target).removal(item)
        yield Diagnostic("FLOW610", what, None, why, how, WARNING)


def _about_changed(path: str) -> Diagnostic:
    """Returns FLOW611 for a file that flowc wrote and somebody changed."""
    why = "flowc no longer writes this file, and kept it because somebody has changed it"
    how = "delete it, or move your changes to a file with a different name"
    return Diagnostic("FLOW611", f"`{path}` is stale", None, why, how, WARNING)


def _about_name(folder: str, leftovers: _Leftovers) -> Iterator[Diagnostic]:
    """Yields FLOW612 for two flows with one name."""
    before, now = leftovers.before.flow, leftovers.new.flow
    if before and before != now:
        place = os.path.join(folder, leftovers.part.target)
        what = f"`{leftovers.name}` in `{place}` was flow `{before}`, and is flow `{now}` now"
        why = f"deploying it replaces `{before}`"
        how = "to keep both flows, give one of them a different `--name`, or a different folder"
        yield Diagnostic("FLOW612", what, None, why, how, WARNING)


def _about_unlisted(path: str) -> Diagnostic:
    """Returns FLOW613 for a file that looks like flowc's."""
    why = "it has the name of a file of this deployment, but no manifest lists it; it may be yours, so flowc kept it"
    how = "if an earlier compile wrote it, delete it, and what was deployed from it; otherwise rename it"
    return Diagnostic("FLOW613", f"`{path}` may be stale", None, why, how, WARNING)

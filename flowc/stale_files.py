"""What earlier compiles left in an output folder, and the compile at hand no longer gives.

A file is deleted only if the manifest of its deployment lists it and it has the digest that it got from flowc. So a
file of the user's own, or one that somebody changed, stays, and is named. Files of other deployments are left alone:
those of another flow, branch, name or target.
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
    """What is compiled for one target."""

    target: str
    deployment: Deployment
    spec: tuple[SpecFile, ...]


@record
class Stale:
    """What has to happen in the output folder beside writing the spec and the package."""

    written: tuple[str, ...]  # paths of files that flowc wrote and nobody changed: to be deleted
    changed: tuple[str, ...]  # files that flowc wrote and somebody changed: kept
    unlisted: tuple[str, ...]  # files that have a name of this deployment's, and that no manifest lists: kept
    before: tuple[tuple[str, str], ...]  # (manifest, its text while files are written): what is there and what will be
    after: tuple[tuple[str, str | None], ...]  # (manifest, its text in the end); None for one to be deleted
    notes: tuple[str, ...]  # lines for a person: other deployments of the flow, and names that nothing has
    diagnostics: tuple[Diagnostic, ...]


@record
class _Left:
    """What earlier compiles left for one target."""

    part: Part
    new: Manifest  # what the deployment has now
    old: dict[str, Manifest]  # by name: what this deployment had, and those that it replaces
    others: dict[str, Manifest]
    written: tuple[str, ...]  # paths, as in Stale
    changed: tuple[str, ...]
    unlisted: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.part.deployment.name

    @property
    def before(self) -> Manifest:
        """What the deployment itself had."""
        return self.old.get(self.name, Manifest())


def stale_files(folder: str, parts: Sequence[Part], flow: str, code: str, replaced: Sequence[str]) -> Stale:
    """Returns what earlier compiles of these deployments, and of those called `replaced`, left in the folder.

    `code` is the digest of the flow's package now. Only reads. Raises Failure for a file that cannot be read.
    """
    left = tuple(_left(folder, each, flow, code, replaced) for each in parts)
    written = [path for each in left for path in each.written]
    rewritten = {os.path.join(folder, each.target, file.name) for each in parts for file in each.spec}
    rewritten |= {path_of(folder, each.part.target, name) for each in left for name in each.old}
    codes = {old for each in left for manifest in each.old.values() for old in manifest.codes} - {code}
    packages = {old: path for old in sorted(codes) if os.path.isfile(path := _package_path(folder, old))}
    named = _named(packages, folder, {*rewritten, *written}) if packages else set()
    damaged = {old for old, path in packages.items() if old not in named and not _is_package(path, old)}
    written += [path for old, path in packages.items() if old not in named | damaged]
    changed = [path for each in left for path in each.changed] + [packages[old] for old in sorted(damaged)]
    unlisted = [path for each in left for path in each.unlisted]
    said = [diagnostic for each in left for diagnostic in (*_about_items(each), *_about_name(folder, each))]
    said += [*map(_about_changed, changed), *map(_about_unlisted, unlisted)]
    notes = [line for each in left for line in _beside(folder, each)]
    notes += [f"nothing of `{name}` is in {folder}" for name in replaced if not any(name in each.old for each in left)]
    after = [pair for each in left for pair in _after(folder, each, damaged | named if each.changed else damaged)]
    return Stale(
        tuple(written),
        tuple(changed),
        tuple(unlisted),
        tuple(_before(folder, each) for each in left),
        tuple(after),
        tuple(notes),
        tuple(said),
    )


def _left(folder: str, part: Part, flow: str, code: str, replaced: Sequence[str]) -> _Left:
    known = of_target(folder, part.target)
    old = {name: manifest for name, manifest in known.items() if name in (part.deployment.name, *replaced)}
    others = {name: manifest for name, manifest in known.items() if name not in old}
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
    return _Left(part, new, old, others, tuple(written), tuple(changed), tuple(unlisted))


def _before(folder: str, each: _Left) -> tuple[str, str]:
    """A compile that is interrupted leaves files that this lists, so that the next one knows them."""
    old, new, target = each.before, each.new, each.part.target
    both = Manifest(new.flow, (*old.codes, *new.codes), (*old.items, *new.items), (*old.files, *new.files))
    return path_of(folder, target, each.name), text(target, each.name, both)


def _after(folder: str, each: _Left, kept_codes: set[str]) -> Iterator[tuple[str, str | None]]:
    """What is kept although it is stale stays listed, so that `--check` goes on naming it."""
    target = each.part.target
    for name in sorted({each.name, *each.old}):
        old = each.old.get(name, Manifest())
        new = each.new if name == each.name else Manifest(old.flow)
        codes = tuple(code for code in old.codes if code in kept_codes)
        kept = tuple(pair for pair in old.files if os.path.join(folder, target, pair[0]) in each.changed)
        manifest = Manifest(new.flow, (*new.codes, *codes), new.items, (*new.files, *kept))
        is_gone = not (manifest.codes or manifest.files)
        yield path_of(folder, target, name), None if is_gone else text(target, name, manifest)


def _beside(folder: str, each: _Left) -> Iterator[str]:
    for name, manifest in each.others.items():
        paths = dict.fromkeys(os.path.join(folder, each.part.target, file) for file, _ in manifest.files)
        there = [path for path in paths if os.path.exists(path)]
        if there and manifest.flow == each.new.flow:
            yield f"also there: {', '.join(there)}, deployment `{name}` of the same flow; `--replaces {name}` deletes it here"


def _package_path(folder: str, code: str) -> str:
    return os.path.join(folder, CODE, code.partition(":")[2] + _PACKAGE)


def _named(packages: Iterable[str], folder: str, apart_from: set[str]) -> set[str]:
    """Returns which of the digests a file of any target or a manifest names, whoever wrote it."""
    found: set[str] = set()
    for target in names():
        for place in (os.path.join(folder, target), os.path.join(folder, FOLDER, target)):
            for entry in os.scandir(place) if os.path.isdir(place) else ():
                if entry.path not in apart_from and entry.is_file():
                    data = files.read(entry.path) or b""
                    found |= {each for each in packages if each.partition(":")[2].encode() in data}
    return found


def _is_package(path: str, code: str) -> bool:
    """Whether the file is the package of that digest."""
    import zlib

    try:
        return f"sha256:{sha256_of(zlib.decompress(files.read(path) or b'', 31))}" == code
    except zlib.error:
        return False


def _about_items(each: _Left) -> Iterator[Diagnostic]:
    """FLOW610: what the engine keeps."""
    there = {item for manifest in (each.new, *each.others.values()) for item in manifest.items}
    for item in sorted({item for manifest in each.old.values() for item in manifest.items} - there):
        what, why, how = deployer(each.part.target).removal(item)
        yield Diagnostic("FLOW610", what, None, why, how, WARNING)


def _about_changed(path: str) -> Diagnostic:
    """FLOW611: a file of flowc's that somebody changed."""
    why = "flowc wrote it and no longer does, but somebody has changed it since, so it was kept"
    how = "delete it, or move what you need of it to another name"
    return Diagnostic("FLOW611", f"`{path}` is stale", None, why, how, WARNING)


def _about_name(folder: str, each: _Left) -> Iterator[Diagnostic]:
    """FLOW612: two flows of one name."""
    before, now = each.before.flow, each.new.flow
    if before and before != now:
        place = os.path.join(folder, each.part.target)
        what = f"`{each.name}` in `{place}` was flow `{before}`, and is flow `{now}` now"
        why = f"where it is deployed, it takes the place of `{before}` too"
        how = "give one of the two another `--name`, or another folder, if both are wanted"
        yield Diagnostic("FLOW612", what, None, why, how, WARNING)


def _about_unlisted(path: str) -> Diagnostic:
    """FLOW613: a file that looks like flowc's."""
    why = "it has the name of a file of this deployment, but no manifest lists it: it may be your own, so it was kept"
    how = "if an earlier compile wrote it, delete it, and what was deployed of it; otherwise give it another name"
    return Diagnostic("FLOW613", f"`{path}` may be stale", None, why, how, WARNING)

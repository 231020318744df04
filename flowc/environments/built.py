"""Packages that are built from sources: source distributions, git repositories at a commit, and local folders.

Each is built into a wheel, in flowc's cache, by `lock` (which needs to know what it depends on), and again by
`environment build` and a first local run on machines that lack the wheel. A task never builds anything.
"""

from __future__ import annotations

import hashlib
import os

from flowc.compiler.fast_start.record import record, replace
from flowc.runtime_shim.fast_start import json_text
from flowc.terminal import Failure

from . import build_tools, folders, platforms, trees, uv
from .pylock import Wheel
from .requests import normalized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .platforms import Platform

_EPOCH = "315532800"  # 1980, the oldest time that a zip holds: build backends write it into wheels


@record
class Place:
    """Sources that a requirement names."""

    kind: str  # "git" or "directory"
    url: str  # of the repository; or the folder's path, relative to the flow's folder
    revision: str = ""
    subdirectory: str = ""


@record
class Building:
    """How a wheel is built."""

    python: str  # "3.12"
    platform: Platform
    options: tuple[str, ...]  # of uv, for the indexes that build backends come from


def place_of(url: str) -> Place | None:
    """Returns the sources that the URL of a requirement names; None if it is a file's URL.

    Raises uv.Refused for a URL that holds a password.
    """
    if url.startswith((".", "/")):
        return Place("directory", url)
    if not url.startswith("git+"):
        return None
    bare, _, fragment = url[4:].partition("#")
    parts = dict(field.partition("=")[::2] for field in fragment.split("&"))
    scheme, separator, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    user = host.rpartition("@")[0]
    if not separator or scheme not in ("https", "http", "ssh", "file", "git"):
        raise uv.Refused(f"`{url}` is not the URL of a git repository, such as `git+https://host/repository@v1`")
    if ":" in user or (user and scheme != "ssh"):
        raise uv.Refused(
            f"the URL of a git repository, {scheme}://…@{host.rpartition('@')[2]}, holds a user or a password: "
            "remove it, and set up git's credential helper"
        )
    place, at, revision = path.rpartition("@")
    where = f"{scheme}://{host}{slash}{place if at else path}"
    return Place("git", where, revision if at else "", parts.get("subdirectory", ""))


def pinned(place: Place, folder: str, lock_folder: str, earlier: Wheel | None, name: str) -> Wheel:
    """Returns the package, without its version, at the present commit or with the folder's present files.

    `earlier` is what was locked, whose commit is kept. Raises uv.Refused.
    """
    if place.kind == "directory":
        where = os.path.join(folder, place.url)
        digest = trees.digest_of(where)
        if not digest:
            raise uv.Refused(f"there is no folder `{place.url}`")
        return Wheel(name, "", "", os.path.relpath(where, lock_folder).replace(os.sep, "/"), digest, built="directory")
    is_kept = earlier is not None and (earlier.built, earlier.url, earlier.revision, earlier.subdirectory) == (
        "git", place.url, place.revision, place.subdirectory,
    )  # fmt: skip
    commit = earlier.commit if is_kept and earlier is not None else _commit(place.url, place.revision)
    return Wheel(
        name, "", "", place.url, "", built="git", commit=commit, revision=place.revision,
        subdirectory=place.subdirectory,
    )  # fmt: skip


def _commit(url: str, revision: str) -> str:
    """Returns the commit that the revision of the repository names now. Raises uv.Refused."""
    import tempfile

    if len(revision) == 40 and set(revision) <= set("0123456789abcdef"):
        return revision
    with tempfile.TemporaryDirectory(prefix="flowc-git-") as folder:
        return _checkout(url, revision or "HEAD", folder)


def _checkout(url: str, revision: str, folder: str) -> str:
    """Writes the repository's files at the revision to the folder; returns the commit. Raises uv.Refused."""
    if revision.startswith("-"):
        raise uv.Refused(f"`{revision}` is not a revision")
    _git(["init", "-q", folder], None)
    try:
        _git(["fetch", "-q", "--depth", "1", "--", url, revision], folder)
        _git(["checkout", "-q", "FETCH_HEAD"], folder)
    except uv.Refused:  # a server may refuse to give a commit alone, and knows no short ones
        _git(["fetch", "-q", "--tags", "--", url, "+refs/heads/*:refs/remotes/origin/*"], folder)
        _git(["checkout", "-q", revision], folder)
    return _git(["rev-parse", "HEAD"], folder).strip()


def _git(arguments: list[str], folder: str | None) -> str:
    import subprocess

    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_DIR")}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**own, "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except OSError:
        raise Failure("packages of git repositories need `git`, which is not installed here") from None
    if done.returncode != 0:
        raise uv.Refused(f"git {arguments[0]} failed: {' '.join(done.stderr.split())}")
    return done.stdout


def wheel_of(package: Wheel, lock_folder: str, how: Building) -> str:
    """Returns the path of the package's wheel, which is built if it is missing. Raises uv.Refused and Failure."""
    return _existing(package, how) or _built(package, lock_folder, how)


def _existing(package: Wheel, how: Building) -> str:
    """Returns the path of the wheel in flowc's cache; "" if it is not there."""
    for platform in ("any", how.platform.name):
        folder = _folder(package, how, platform)
        wheels = [name for name in _names(folder) if name.endswith(".whl")]
        if wheels:
            return os.path.join(folder, wheels[0])
    return ""


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _folder(package: Wheel, how: Building, platform: str) -> str:
    identity = {name: value for name, value in package.identity.items() if name != "version"}
    text = json_text.dumps({**identity, "python": how.python, "platform": platform}, True)
    return os.path.join(folders.root(), "built", hashlib.sha256(text.encode()).hexdigest())


def locked(package: Wheel, lock_folder: str, how: Building, kept: tuple[str, ...] | None) -> tuple[Wheel, str]:
    """Builds the package, and returns it with its tools, and the path of its wheel. Raises uv.Refused and Failure.

    `kept` are the tools that it was built with before, whose versions stay as long as they fit.
    """
    import tempfile

    if kept is not None:
        before = replace(package, tools=kept)
        wheel = _existing(before, how)
        if wheel:
            return before, wheel
    with tempfile.TemporaryDirectory(prefix="flowc-wheel-") as above:
        sources = _sources(package, lock_folder, above)
        requirements = build_tools.asked(sources)
        tools = build_tools.resolved(requirements, how.python, how.options, kept or ())
        for _ in range(build_tools.AT_MOST):
            result = replace(package, tools=tools)
            try:
                return result, _existing(result, how) or _made(result, sources, above, how)
            except uv.Refused as error:
                more = build_tools.missing(str(error))
                if not set(more) - set(requirements):
                    raise
            requirements = tuple(dict.fromkeys((*requirements, *more)))
            tools = build_tools.resolved(requirements, how.python, how.options, kept or tools)
    raise uv.Refused(f"the build backend of `{package.name or package.url}` asks for ever more packages")


def _built(package: Wheel, lock_folder: str, how: Building) -> str:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="flowc-wheel-") as above:
        return _made(package, _sources(package, lock_folder, above), above, how)


def _made(package: Wheel, sources: str, above: str, how: Building) -> str:
    """Builds the wheel from the sources, and returns its path in flowc's cache."""
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(dir=above) as folder:
        output = os.path.join(folder, "wheel")
        command = ["build", "--wheel", "-q", "-o", output, "-p", uv.python(how.python), "--no-create-gitignore"]
        if package.tools is not None:
            command += build_tools.options(package.tools, folder)
        uv.run([*command, *how.options, sources], cwd=above, more={"SOURCE_DATE_EPOCH": _EPOCH})
        wheels = [name for name in _names(output) if name.endswith(".whl")]
        if len(wheels) != 1:
            raise uv.Refused(f"building `{package.name}` gave {len(wheels)} wheels")
        is_pure = wheels[0].removesuffix(".whl").endswith("-any")
        if not is_pure and how.platform.name != platforms.here():
            raise Failure(
                f"`{package.name}` holds compiled code, and must be built on {how.platform.name}: "
                f"run this command on such a machine, or name a wheel of the package by its URL"
            )
        folder = _folder(package, how, "any" if is_pure else how.platform.name)
        if not os.path.isdir(folder):
            os.makedirs(os.path.dirname(folder), exist_ok=True)
            beside = f"{folder}.{os.getpid()}"
            shutil.copytree(output, beside)
            try:
                os.rename(beside, folder)
            except OSError:  # another process was first
                shutil.rmtree(beside, ignore_errors=True)
        return os.path.join(folder, wheels[0])


def _sources(package: Wheel, lock_folder: str, above: str) -> str:
    """Returns the path of the package's sources, which are what was locked. Raises uv.Refused and Failure."""
    if package.built == "directory":
        folder = os.path.normpath(os.path.join(lock_folder, package.url))
        if trees.digest_of(folder) != package.sha256:
            raise Failure(f"the local package `{package.name}` has changed since it was locked: run `flowc lock`")
        return _copied(folder, os.path.join(above, "sources"))
    if package.built == "git":
        folder = os.path.join(above, "sources")
        commit = _checkout(package.url, package.commit, folder)
        if commit != package.commit:
            raise uv.Refused(f"{package.url} gave commit {commit}, not {package.commit}")
        inside = os.path.realpath(os.path.join(folder, package.subdirectory))
        if not (inside + os.sep).startswith(os.path.realpath(folder) + os.sep):
            raise uv.Refused(f"the subdirectory `{package.subdirectory}` is not in the repository")
        return inside
    return _fetched(package, os.path.join(above, package.file))


def _copied(folder: str, target: str) -> str:
    """Copies exactly the files that the digest covers, so that nothing else gets into the wheel."""
    import shutil

    for name in trees.files(folder):
        path = os.path.join(target, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(os.path.join(folder, *name.split("/")), path)
    return target


def _fetched(package: Wheel, path: str) -> str:
    """Downloads a source distribution, and compares it with its digest. Raises Failure and uv.Refused."""
    import urllib.error
    import urllib.request

    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(package.url) as answer, open(path, "wb") as file:
            while block := answer.read(1 << 20):
                digest.update(block)
                file.write(block)
    except (urllib.error.URLError, OSError) as error:
        raise Failure(f"{package.url} cannot be fetched: {error}") from None
    if digest.hexdigest() != package.sha256:
        raise uv.Refused(f"{package.url} is not the file that was locked: its digest differs")
    return path


def named(package: Wheel, wheel: str) -> Wheel:
    """Returns the package with the name and the version of its wheel."""
    parts = os.path.basename(wheel).split("-")
    return replace(package, name=normalized(parts[0]), version=parts[1])

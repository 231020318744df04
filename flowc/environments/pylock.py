"""One lock file: an environment's packages for one platform (PEP 751), with flowc's additions in `[tool.flowc]`.

The text depends only on the data: keys have a fixed order, packages are sorted, and each wheel takes one line. The
packages of conda, which PEP 751 does not know, are below `[tool.flowc]` as conda's own explicit lists have them: one
URL and digest each.
"""

from __future__ import annotations

import sys

from flowc.compiler.fast_start.record import record, replace
from flowc.runtime_shim.contract.digest import sha256_for
from flowc.runtime_shim.fast_start import json_text

from . import quick_reading
from .platforms import KNOWN, Platform
from .requests import Request
from .uv_command import url_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
SEAL = "# sha256 of the lines above: "  # begins the last line; other tools ignore it
LAYOUT = 1  # of the folder that a lock is installed into; part of the digest


class Damaged(Exception):
    """A lock file that flowc did not write in this form; the text is the reason."""


@record
class Wheel:
    """One package of an environment."""

    name: str
    version: str
    file: str  # numpy-2.5.5-cp312-cp312-manylinux_2_28_x86_64.whl
    url: str
    sha256: str
    size: int = 0  # bytes; 0 if the index does not say
    uploaded: str = ""  # "2026-11-15T21:30:21Z"; "" if the index does not say
    direct: bool = False  # the flow names the URL itself, no index has it
    index: str = ""  # the index of this package alone, which the settings name
    built: str = ""  # what it is built from, if it is no wheel: "sdist", "git" or "directory"
    commit: str = ""  # of git
    revision: str = ""  # that the flow names, of git
    subdirectory: str = ""  # of the sources, of git
    tools: tuple[str, ...] | None = None  # that it is built with (`build_tools.py`); None in locks of older versions

    @property
    def requirement(self) -> str:
        """A line of a requirements file that only this wheel satisfies."""
        what = f"{self.name} @ {self.url}" if self.direct or self.index else f"{self.name}=={self.version}"
        return f"{what} --hash=sha256:{self.sha256}"

    @property
    def identity(self) -> dict[str, str]:
        """What the environment's digest covers."""
        about = {"name": self.name, "version": self.version}
        if self.tools:
            about["tools"] = _sha256("\n".join(self.tools))
        if self.built == "git":
            return {**about, "git": self.commit, "subdirectory": self.subdirectory}
        if self.built == "directory":
            return {**about, "directory": self.sha256}
        return {**about, "file": self.file, "sha256": self.sha256}


@record
class CondaPackage:
    """One package of conda in an environment."""

    name: str
    version: str
    build: str
    subdir: str  # "linux-64" or "noarch"
    url: str
    sha256: str
    size: int = 0  # bytes; 0 if the channel does not say
    noarch: str = ""  # "python" or "generic"
    license: str = ""
    site_packages: str = ""  # of `python`, where it is not the usual place

    @property
    def file(self) -> str:
        """Returns the name of the package's file."""
        return self.url.rpartition("/")[2]


@record
class Lock:
    """The packages of one environment for one platform, and the request that they satisfy."""

    flow: str  # name of the class
    name: str  # of the environment: `base`, or the first step that has it
    packages: tuple[tuple[str, str], ...]  # requested by the flow (`Request.packages`)
    python: str  # "3.12"; of conda, the one that was asked for
    platform: Platform
    wheels: tuple[Wheel, ...]  # by name
    indexes: tuple[str, ...] = ()  # the indexes that were asked, in their order: URL, or NAME=URL
    exclude_newer: str = ""  # only files uploaded before this time were considered
    source: str = ""  # the project's file of dependencies, relative to the flow's folder
    lines: tuple[str, ...] = ()  # what it asked for (`Request.lines`)
    asked: tuple[tuple[str, str], ...] = ()  # packages of conda that were requested (`Request.conda`)
    channels: tuple[str, ...] = ()
    conda: tuple[CondaPackage, ...] = ()  # by name
    folder: str = ""  # of the lock file, which local packages are relative to

    @property
    def request(self) -> Request:
        """The request that was locked."""
        return Request(self.packages, self.python, self.lines, self.asked, self.channels)

    @property
    def count(self) -> int:
        """The number of packages."""
        return len(self.wheels) + len(self.conda)

    @property
    def size(self) -> int:
        """The number of bytes to fetch, as far as the indexes say."""
        return sum(wheel.size for wheel in self.wheels) + sum(package.size for package in self.conda)

    @property
    def interpreter(self) -> str:
        """The version of Python in the environment, such as "3.12"."""
        own = next((package.version for package in self.conda if package.name == "python"), self.python)
        return ".".join(own.split(".")[:2])

    @property
    def environment(self) -> str:
        """The environment's digest.

        Covers the files and the platform, but not the indexes, so that a mirror changes nothing.
        """
        what = {  # keys are sorted: the text is part of what the digest means
            "glibc": self.platform.glibc,
            "kind": "conda" if self.conda else "pypi",
            "layout": LAYOUT,
            "packages": [wheel.identity for wheel in self.wheels],
            "platform": self.platform.name,
            "python": self.interpreter,
            "version": VERSION,
        }
        if self.conda:
            what["conda"] = [{"file": package.file, "sha256": package.sha256} for package in self.conda]
        data = json_text.dumps(what, True).encode()
        return f"sha256:{sha256_for(len(data))(data).hexdigest()}"


def dumps(lock: Lock) -> str:
    """Returns the lock file's text."""
    platform = lock.platform
    lines = [
        'lock-version = "1.0"',
        f"environments = [{_text(platform.marker)}]",
        f"requires-python = {_text(f'=={lock.python}.*')}",
        'created-by = "flowc"',
    ]
    for wheel in lock.wheels:
        lines += ["", "[[packages]]", f"name = {_text(wheel.name)}", f"version = {_text(wheel.version)}"]
        if wheel.built == "git":
            lines.append(f"vcs = {_vcs(wheel)}")
            continue
        if wheel.built == "directory":
            lines.append(f"directory = {{path = {_text(wheel.url)}}}")
            continue
        if wheel.direct:
            lines.append(f"archive = {_file(wheel)}")
            continue
        index = wheel.index or (url_of(lock.indexes[0]) if len(lock.indexes) == 1 else "")
        if index:
            lines.append(f"index = {_text(index)}")
        lines.append(f"sdist = {_file(wheel)}" if wheel.built else f"wheels = [{_file(wheel)}]")
    lines += ["", "[tool.flowc]", f"version = {VERSION}", f"flow = {_text(lock.flow)}", f"name = {_text(lock.name)}"]
    lines += [f"environment = {_text(lock.environment)}", f"platform = {_text(platform.name)}"]
    if platform.glibc:
        lines.append(f"glibc = {_text(platform.glibc)}")
    lines += [f"python = {_text(lock.python)}", f"indexes = {_texts(lock.indexes)}"]
    if lock.exclude_newer:
        lines.append(f"exclude-newer = {_text(lock.exclude_newer)}")
    if lock.source:
        lines.append(f"source = {_text(lock.source)}")
    if lock.lines:
        lines.append(f"requirements = {_texts(lock.lines)}")
    directories = tuple(f"{wheel.name} sha256:{wheel.sha256}" for wheel in lock.wheels if wheel.built == "directory")
    if directories:
        lines.append(f"directories = {_texts(directories)}")
    placed = tuple(f"{wheel.name}={wheel.index}" for wheel in lock.wheels if wheel.index)
    if placed:
        lines.append(f"package-indexes = {_texts(placed)}")
    if lock.conda:
        lines.append(f"channels = {_texts(lock.channels)}")
    built = [wheel for wheel in lock.wheels if wheel.tools is not None]
    if built:
        lines += ["", "[tool.flowc.build-tools]"]
    for wheel in built:
        tools = [f"    {_text(tool)}," for tool in wheel.tools or ()]
        lines += [f"{_text(wheel.name)} = [", *tools, "]"] if tools else [f"{_text(wheel.name)} = []"]
    lines += ["", "[tool.flowc.packages]", *(f"{_text(name)} = {_text(version)}" for name, version in lock.packages)]
    if lock.conda:
        lines += ["", "[tool.flowc.conda]", *(f"{_text(name)} = {_text(version)}" for name, version in lock.asked)]
    for package in lock.conda:
        lines += ["", "[[tool.flowc.conda-packages]]", f"name = {_text(package.name)}"]
        lines += [f"version = {_text(package.version)}", f"build = {_text(package.build)}"]
        lines.append(f"subdir = {_text(package.subdir)}")
        optional = {"noarch": package.noarch, "license": package.license, "site-packages": package.site_packages}
        for key, value in optional.items():
            lines += [f"{key} = {_text(value)}"] if value else []
        lines.append(f"archive = {_conda_file(package)}")
    text = "\n".join(lines) + "\n"
    return f"{text}{SEAL}{_sha256(text)}\n"


def head(text: str) -> Lock | None:
    """Returns the lock without its packages, from a text that is as flowc wrote it; None from any other.

    The last line shows that nobody has edited or merged the text, so that `check` need not read the packages to be sure
    that they match the lock's digest. Local packages must be read, since their files may change.
    """
    body, separator, digest = text.rpartition(SEAL)
    own = body.rpartition("\n[tool.flowc]\n")[2].partition("\n[[tool.flowc.conda-packages]]\n")[0]
    if not separator or digest != f"{_sha256(body)}\n" or "\ndirectories = " in own:
        return None
    data = quick_reading.read(f"[tool.flowc]\n{own}")
    try:
        return _lock(data)[0] if data is not None else None
    except (Damaged, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def _sha256(text: str) -> str:
    data = text.encode()
    digest: str = sha256_for(len(data))(data).hexdigest()
    return digest


def loads(text: str) -> Lock:
    """Returns the lock of a file's text. Raises Damaged if flowc did not write it."""
    quick = quick_reading.read(text)
    if quick is not None:
        try:
            lock, _ = _lock(quick)
            if dumps(lock) == text:  # and so is its digest, which is one of the lines
                return lock
        except (Damaged, KeyError, TypeError, ValueError, AttributeError, IndexError):
            pass  # the parser reports the reason
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Damaged(f"it is not TOML: {error}") from None
    try:
        lock, digest = _lock(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Damaged(f"it does not have the form that flowc writes ({type(error).__name__}: {error})") from None
    if digest != lock.environment:
        raise Damaged("its packages do not match its digest: it was edited by hand, or merged")
    return lock


def _lock(data: dict[str, Any]) -> tuple[Lock, str]:
    own = data["tool"]["flowc"]
    if own["version"] != VERSION:
        raise Damaged(f"it has format {own['version']}, and this flowc reads {VERSION}")
    if own["platform"] not in KNOWN:
        raise ValueError(own["platform"])
    trees = dict(_str(text).split(" sha256:") for text in own.get("directories", ()))
    placed = dict(_str(text).partition("=")[::2] for text in own.get("package-indexes", ()))
    tools = {name: tuple(map(_str, lines)) for name, lines in own.get("build-tools", {}).items()}
    lock = Lock(
        flow=_str(own["flow"]),
        name=_name(own["name"]),
        packages=tuple(sorted((_str(name), _str(version)) for name, version in own["packages"].items())),
        python=_str(own["python"]),
        platform=Platform(own["platform"], _str(own.get("glibc", ""))),
        wheels=tuple(_finished(wheel(package, trees), placed, tools) for package in data.get("packages", ())),
        indexes=tuple(map(_str, own["indexes"])),
        exclude_newer=_str(own.get("exclude-newer", "")),
        source=_str(own.get("source", "")),
        lines=tuple(map(_str, own.get("requirements", ()))),
        asked=tuple(sorted((_str(name), _str(version)) for name, version in own.get("conda", {}).items())),
        channels=tuple(map(_str, own.get("channels", ()))),
        conda=tuple(_conda(package) for package in own.get("conda-packages", ())),
    )
    return lock, _str(own["environment"])


def _finished(wheel: Wheel, placed: dict[str, str], tools: dict[str, tuple[str, ...]]) -> Wheel:
    """Returns the wheel, completed from the lock's other tables."""
    if wheel.name in placed:
        wheel = replace(wheel, index=placed[wheel.name])
    return replace(wheel, tools=tools[wheel.name]) if wheel.built and wheel.name in tools else wheel


def _conda(package: dict[str, Any]) -> CondaPackage:
    archive = package["archive"]
    url, sha256 = _str(archive["url"]), _digest(archive["hashes"]["sha256"])
    conda_package = CondaPackage(
        _str(package["name"]),
        _str(package["version"]),
        _str(package["build"]),
        _str(package["subdir"]),
        url,
        sha256,
        int(archive.get("size", 0)),
        _str(package.get("noarch", "")),
        _str(package.get("license", "")),
        _str(package.get("site-packages", "")),
    )
    if not conda_package.file.endswith((".conda", ".tar.bz2")) or "/" in conda_package.subdir:
        raise ValueError(f"{conda_package.name} is not a package of conda")
    return conda_package


def _digest(value: Any) -> str:
    digest = _str(value)
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError(digest)
    return digest


def _source(package: dict[str, Any], trees: dict[str, str]) -> Wheel:
    """Returns a package that is built from a repository or a folder."""
    name, version = _str(package["name"]), _str(package.get("version", ""))
    if "directory" in package:
        path = _str(package["directory"]["path"])
        return Wheel(name, version, "", path, _digest(trees[name]), built="directory")
    vcs = package["vcs"]
    commit = _str(vcs["commit-id"])
    if vcs["type"] != "git" or not commit or not set(commit) <= set("0123456789abcdef"):
        raise ValueError(f"{name} is not at a commit of git")
    return Wheel(
        name,
        version,
        "",
        _str(vcs["url"]),
        "",
        built="git",
        commit=commit,
        revision=_str(vcs.get("requested-revision", "")),
        subdirectory=_str(vcs.get("subdirectory", "")),
    )


def wheel(package: dict[str, Any], trees: dict[str, str]) -> Wheel:
    """Returns the wheel of an entry of `packages`. Raises ValueError for a package in a different form.

    `trees` are the digests of local packages.
    """
    if "vcs" in package or "directory" in package:
        return _source(package, trees)
    direct = "archive" in package
    if "sdist" in package and not package.get("wheels"):
        sdist = package["sdist"]
        url = _str(sdist["url"])
        file = _str(sdist.get("name", "")) or _last_part(url)
        if "/" in file or "\\" in file or not file.endswith((".tar.gz", ".zip")):
            raise ValueError(file)
        digest, size = _digest(sdist["hashes"]["sha256"]), int(sdist.get("size", 0))
        version = _str(package["version"])
        return Wheel(
            _str(package["name"]), version, file, url, digest, size, _time(sdist.get("upload-time")), built="sdist"
        )
    if not direct and len(package["wheels"]) != 1:
        raise ValueError(f"{package['name']} has {len(package['wheels'])} wheels")
    source = package["archive"] if direct else package["wheels"][0]
    url = _str(source["url"])
    file = file_of(source)
    sha256 = _digest(source["hashes"]["sha256"])
    if not file.endswith(".whl") or "/" in file or "\\" in file:
        raise ValueError(f"{package['name']} has no wheel with a digest")
    version = _str(package.get("version", "")) or file.split("-")[1]
    return Wheel(
        _str(package["name"]),
        version,
        file,
        url,
        sha256,
        int(source.get("size", 0)),
        _time(source.get("upload-time")),
        direct,
    )


def file_of(entry: dict[str, Any]) -> str:
    """Returns the name of the file of an entry of `wheels`."""
    return _str(entry.get("name", "")) or _last_part(_str(entry["url"]))


def _last_part(url: str) -> str:
    if not any(character in url for character in "%?#;"):
        return url.rpartition("/")[2]
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(url).path.rpartition("/")[2])


def _time(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):  # as this module writes it
        return value
    from datetime import timezone

    moment = value.astimezone(timezone.utc) if value.tzinfo else value
    return str(moment.strftime("%Y-%m-%dT%H:%M:%S.%f")).rstrip("0").rstrip(".") + "Z"


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _name(value: Any) -> str:
    """Checks a part of a file's name, which must stay in the folder."""
    name = _str(value)
    if not name or not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(name)
    return name


def _file(wheel: Wheel) -> str:
    parts = [f"name = {_text(wheel.file)}"] if _last_part(wheel.url) != wheel.file else []
    parts.append(f"url = {_text(wheel.url)}")
    if wheel.size:
        parts.append(f"size = {wheel.size}")
    if wheel.uploaded:
        parts.append(f"upload-time = {wheel.uploaded}")
    parts.append(f"hashes = {{sha256 = {_text(wheel.sha256)}}}")
    return f"{{{', '.join(parts)}}}"


def _vcs(wheel: Wheel) -> str:
    parts = ['type = "git"', f"url = {_text(wheel.url)}"]
    if wheel.revision:
        parts.append(f"requested-revision = {_text(wheel.revision)}")
    parts.append(f"commit-id = {_text(wheel.commit)}")
    if wheel.subdirectory:
        parts.append(f"subdirectory = {_text(wheel.subdirectory)}")
    return f"{{{', '.join(parts)}}}"


def _conda_file(package: CondaPackage) -> str:
    size = f"size = {package.size}, " if package.size else ""
    return f"{{url = {_text(package.url)}, {size}hashes = {{sha256 = {_text(package.sha256)}}}}}"


def _texts(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """Returns a basic string of TOML.

    JSON's escapes are valid in TOML. DEL needs an escape of its own; surrogates, which TOML lacks, do not occur here.
    """
    return json_text.dumps(value).replace("\x7f", "\\u007f")

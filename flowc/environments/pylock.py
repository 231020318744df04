"""One lock file: an environment's packages for one platform (PEP 751), with flowc's additions in `[tool.flowc]`.

The text depends only on the data: keys have a fixed order, packages are sorted, and each wheel takes one line.
"""

from __future__ import annotations

import sys

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.digest import sha256_for
from flowc.runtime_shim.fast_start import json_text

from . import quick_reading
from .platforms import KNOWN, Platform
from .requests import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
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

    @property
    def requirement(self) -> str:
        """A line of a requirements file that only this wheel satisfies."""
        what = f"{self.name} @ {self.url}" if self.direct else f"{self.name}=={self.version}"
        return f"{what} --hash=sha256:{self.sha256}"


@record
class Lock:
    """The packages of one environment for one platform, and the request that they satisfy."""

    flow: str  # name of the class
    name: str  # of the environment: `base`, or the first step that has it
    packages: tuple[tuple[str, str], ...]  # requested by the flow (`Request.packages`)
    python: str  # "3.12"
    platform: Platform
    wheels: tuple[Wheel, ...]  # by name
    indexes: tuple[str, ...] = ()  # the indexes that were asked, in their order: URL, or NAME=URL
    exclude_newer: str = ""  # only files uploaded before this time were considered

    @property
    def request(self) -> Request:
        """The request that was locked."""
        return Request(self.packages, self.python)

    @property
    def environment(self) -> str:
        """The environment's digest.

        Covers the files and the platform, but not the indexes, so that a mirror changes nothing.
        """
        what = {  # keys are sorted: the text is part of what the digest means
            "glibc": self.platform.glibc,
            "kind": "pypi",
            "layout": LAYOUT,
            "packages": [
                {"file": wheel.file, "name": wheel.name, "sha256": wheel.sha256, "version": wheel.version}
                for wheel in self.wheels
            ],
            "platform": self.platform.name,
            "python": self.python,
            "version": VERSION,
        }
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
        if wheel.direct:
            lines.append(f"archive = {_file(wheel)}")
            continue
        if len(lock.indexes) == 1:
            lines.append(f"index = {_text(url_of(lock.indexes[0]))}")
        lines.append(f"wheels = [{_file(wheel)}]")
    lines += ["", "[tool.flowc]", f"version = {VERSION}", f"flow = {_text(lock.flow)}", f"name = {_text(lock.name)}"]
    lines += [f"environment = {_text(lock.environment)}", f"platform = {_text(platform.name)}"]
    if platform.glibc:
        lines.append(f"glibc = {_text(platform.glibc)}")
    lines += [f"python = {_text(lock.python)}", f"indexes = {_texts(lock.indexes)}"]
    if lock.exclude_newer:
        lines.append(f"exclude-newer = {_text(lock.exclude_newer)}")
    lines += ["", "[tool.flowc.packages]", *(f"{_text(name)} = {_text(version)}" for name, version in lock.packages)]
    return "\n".join(lines) + "\n"


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
    lock = Lock(
        flow=_str(own["flow"]),
        name=_name(own["name"]),
        packages=tuple(sorted((_str(name), _str(version)) for name, version in own["packages"].items())),
        python=_str(own["python"]),
        platform=Platform(own["platform"], _str(own.get("glibc", ""))),
        wheels=tuple(wheel(package) for package in data.get("packages", ())),
        indexes=tuple(map(_str, own["indexes"])),
        exclude_newer=_str(own.get("exclude-newer", "")),
    )
    return lock, _str(own["environment"])


def wheel(package: dict[str, Any]) -> Wheel:
    """Returns the wheel of an entry of `packages`. Raises ValueError for a package in a different form."""
    direct = "archive" in package
    if not direct and len(package["wheels"]) != 1:
        raise ValueError(f"{package['name']} has {len(package['wheels'])} wheels")
    source = package["archive"] if direct else package["wheels"][0]
    url = _str(source["url"])
    file = _str(source.get("name", "")) or _last_part(url)
    sha256 = _str(source["hashes"]["sha256"])
    if (
        not file.endswith(".whl")
        or "/" in file
        or "\\" in file
        or len(sha256) != 64
        or not set(sha256) <= set("0123456789abcdef")
    ):
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


def url_of(index: str) -> str:
    """Returns the URL of an index in the form `[NAME=]URL`."""
    name, equals, url = index.partition("=")
    return url if equals and "/" not in name else index


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


def _texts(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """Returns a basic string of TOML.

    JSON's escapes are valid in TOML. DEL needs an escape of its own; surrogates, which TOML lacks, do not occur here.
    """
    return json_text.dumps(value).replace("\x7f", "\\u007f")

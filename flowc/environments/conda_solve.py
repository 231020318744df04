"""Chooses the packages of a conda environment for one platform. py-rattler, conda's solver as a library, does the work.

The platform's C library and kernel are stated, not detected, so that every machine chooses the same packages.
"""

from __future__ import annotations

import os

from flowc.terminal import Failure

from . import folders, uv
from .moments import moment
from .pylock import CondaPackage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from .platforms import Platform
    from .requests import Request

SUBDIRS = {
    "linux/amd64": "linux-64",
    "linux/arm64": "linux-aarch64",
    "darwin/amd64": "osx-64",
    "darwin/arm64": "osx-arm64",
}
_LINUX = "4.18"  # the oldest kernel that packages may need: that of RHEL 8
_MACOS = "12.0"


def rattler() -> ModuleType:
    """Returns the library. Raises Failure if it is not installed."""
    try:
        import rattler
        import rattler.exceptions
    except ImportError:
        raise Failure(
            "conda environments need py-rattler, which is not installed here: install `flowc[conda]`"
        ) from None
    library: ModuleType = rattler
    return library


def solve(
    request: Request,
    platform: Platform,
    exclude_newer: str,
    earlier: tuple[CondaPackage, ...],
    upgraded: tuple[str, ...],
) -> tuple[CondaPackage, ...]:
    """Returns the packages, by name. Keeps the versions of `earlier` that still fit, unless they are in `upgraded`.

    Raises uv.Refused with the solver's message, and Failure if a channel cannot be reached.
    """
    import asyncio

    library = rattler()
    names = {name.rpartition("::")[2] for name, _ in request.conda}
    kept = [_limit(package, platform) for package in earlier if package.name not in upgraded]
    unasked = [
        _limit(package, platform) for package in earlier if package.name not in upgraded and package.name not in names
    ]
    failures: tuple[type[Exception], ...] = (ValueError, *errors(library))
    attempts = [kept, *([unasked] if unasked != kept else []), []] if kept else [[]]
    for limits in attempts:
        try:
            records = asyncio.run(_solve(library, request, platform, exclude_newer, limits))
        except library.exceptions.SolverError as error:
            refused = uv.Refused(" ".join(str(error).split()))
            continue
        except (library.exceptions.GatewayError, library.exceptions.FetchRepoDataError, OSError) as error:
            raise Failure(f"a channel cannot be reached, or its answer is invalid: {_short(error)}") from None
        except failures as error:
            raise uv.Refused(_short(error)) from None
        return tuple(sorted((_package(record) for record in records), key=lambda package: package.name))
    raise refused


def errors(library: Any) -> tuple[type[Exception], ...]:
    """Returns the library's exceptions, which have no common class."""
    members = vars(library.exceptions).values()
    return tuple(member for member in members if isinstance(member, type) and issubclass(member, Exception))


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]


def _limit(package: CondaPackage, platform: Platform) -> str:
    build = f" {package.build}" if package.subdir in ("noarch", SUBDIRS[platform.name]) else ""
    return f"{package.name} =={package.version}{build}"


async def _solve(
    library: Any, request: Request, platform: Platform, exclude_newer: str, limits: list[str]
) -> list[Any]:
    named = [name.rpartition("::")[0] for name, _ in request.conda if "::" in name]
    channels = [library.Channel(_checked(channel)) for channel in dict.fromkeys([*request.channels, *named])]
    return list(
        await library.solve(
            channels,
            [f"{name} {version}".strip() for name, version in request.conda],
            gateway=library.Gateway(cache_dir=os.path.join(folder(), "repodata"), client=client(library)),
            platforms=[SUBDIRS[platform.name], "noarch"],
            virtual_packages=_virtual(library, platform),
            constraints=limits,
            exclude_newer=moment(exclude_newer) if exclude_newer else None,
        )
    )


def client(library: Any) -> Any:
    """Returns a client that finds credentials as conda's tools do: `rattler auth`, netrc, a keyring."""
    return library.Client.authenticated_client()


def folder() -> str:
    """Returns the folder of fetched packages, which other tools of this kind share if RATTLER_CACHE_DIR names one."""
    return os.environ.get("RATTLER_CACHE_DIR") or os.path.join(folders.root(), "conda")


def _checked(channel: str) -> str:
    if "@" in channel.partition("://")[2].partition("/")[0] or "/t/" in channel:
        raise Failure(
            "the URL of a channel holds a user, a password or a token, which would end up in locks and logs: "
            "store it with `rattler auth login` or in ~/.netrc"
        )
    return channel


def _virtual(library: Any, platform: Platform) -> list[Any]:
    """Returns the packages that stand for the machine."""
    if platform.name.startswith("darwin"):
        versions = {"__unix": "0", "__osx": _MACOS}
    else:
        versions = {"__unix": "0", "__linux": _LINUX, "__glibc": platform.glibc}
    if os.environ.get("CONDA_OVERRIDE_CUDA"):
        versions["__cuda"] = os.environ["CONDA_OVERRIDE_CUDA"]
    return [
        library.GenericVirtualPackage(library.PackageName(name), library.Version(version), library.BuildString("0"))
        for name, version in versions.items()
    ]


def _package(record: Any) -> CondaPackage:
    name = record.name.normalized
    if not record.sha256:
        raise uv.Refused(f"the channel states no SHA-256 digest of {name} {record.version}")
    noarch = "python" if record.noarch.python else "generic" if record.noarch.generic else ""
    return CondaPackage(
        name,
        str(record.version),
        str(record.build),
        str(record.subdir),
        str(record.url),
        record.sha256.hex(),
        record.size or 0,
        noarch,
        record.license or "",
        record.python_site_packages_path or "",
    )

"""Chooses among several wheels of one package, as installers do (PyPA, platform compatibility tags)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .platforms import Platform

_OLD = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}  # names of glibc's versions


def rank(file: str, python: str, platform: Platform) -> tuple[int, ...] | None:
    """Returns a key: of several wheels, the one with the largest fits best. None if the wheel does not fit.

    >>> from .platforms import platform
    >>> linux = platform("linux/amd64", "2.28")
    >>> rank("a-1-cp312-cp312-manylinux_2_17_x86_64.whl", "3.12", linux) > rank("a-1-py3-none-any.whl", "3.12", linux)
    True
    >>> print(rank("a-1-cp313-cp313-manylinux_2_17_x86_64.whl", "3.12", linux))
    None
    """
    parts = file.removesuffix(".whl").split("-")
    if len(parts) < 5:
        return None
    minor = int(python.split(".")[1])
    keys = [
        (*interpreter, *place)
        for implementation in parts[-3].split(".")
        for abi in parts[-2].split(".")
        for machine in parts[-1].split(".")
        if (interpreter := _interpreter(implementation, abi, minor, machine == "any")) is not None
        and (place := _machine(machine, platform)) is not None
    ]
    return (*max(keys), *_build(parts[2] if len(parts) == 6 else "")) if keys else None


def _interpreter(implementation: str, abi: str, minor: int, is_any: bool) -> tuple[int, int] | None:
    """Returns a key of the tags of Python, for Python 3: compiled for it, then for a stable interface, then neither."""
    kind, version = implementation[:2], implementation[2:]
    if kind not in ("cp", "py") or not version.isdigit() or version[0] != "3":
        return None
    own = int(version[1:]) if len(version) > 1 else -1
    if own > minor:
        return None
    if kind == "cp" and abi == f"cp3{minor}" and own == minor:
        return 6, 0
    if kind == "cp" and abi == "abi3" and own >= 2:
        return (5, 0) if own == minor else (3, own)
    if abi != "none" or (kind == "cp" and own != minor):
        return None
    if kind == "cp":
        return (1, 2000) if is_any else (4, 0)
    return 1 if is_any else 2, {minor: 1000, -1: 999}.get(own, own)


def _machine(machine: str, platform: Platform) -> tuple[int, ...] | None:
    """Returns a key of the machine's tag: newer C libraries first, and `any` last."""
    if machine == "any":
        return (0, 0, 0)
    system, own = platform.name.split("/")
    if system == "linux":
        own = {"amd64": "x86_64", "arm64": "aarch64"}[own]
        if machine == f"linux_{own}":
            return (1, 0, 0)
        if not machine.startswith("manylinux") or not machine.endswith(f"_{own}"):
            return None
        name = machine[: -len(own) - 1]
        numbers = name.split("_")[1:]
        glibc = _OLD.get(name) or tuple(int(number) for number in numbers if number.isdigit())
        most = tuple(int(number) for number in platform.glibc.split("."))
        return (1, *glibc) if len(glibc) == 2 and glibc <= most else None
    own = {"amd64": "x86_64", "arm64": "arm64"}[own]
    if not machine.startswith("macosx_"):
        return None
    _, major, minor, kind = machine.split("_", 3)
    if kind not in (own, "universal2") and not (kind in ("intel", "fat64", "universal") and own == "x86_64"):
        return None
    return (2 if kind == own else 1, int(major), int(minor))


def _build(tag: str) -> tuple[int, ...]:
    digits = tag[: next((at for at, character in enumerate(tag) if not character.isdigit()), len(tag))]
    return (int(digits),) if digits else (-1,)

"""The machines that environments are locked for: `linux/amd64` and the like, as images name them."""

from __future__ import annotations

import sys

from flowc.compiler.fast_start.record import record

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}  # names in images → names in wheels
GLIBC = "2.28"  # the newest C library that wheels may need: Debian 10, RHEL 8 and later have it
KNOWN = ("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")
DEFAULT = ("linux/amd64",)


@record
class Platform:
    """A kind of machine that an environment runs on."""

    name: str  # "linux/amd64"
    glibc: str = ""  # the oldest C library that it supports; "" on macOS

    @property
    def triple(self) -> str:
        """The name for `uv --python-platform`."""
        system, machine = self.name.split("/")
        return (
            f"{MACHINES[machine]}-apple-darwin"
            if system == "darwin"
            else f"{MACHINES[machine]}-manylinux_{self.glibc.replace('.', '_')}"
        )

    @property
    def marker(self) -> str:
        """The environment marker (PEP 508)."""
        system, machine = self.name.split("/")
        name_of_machine = "arm64" if (system, machine) == ("darwin", "arm64") else MACHINES[machine]
        return f"sys_platform == '{system}' and platform_machine == '{name_of_machine}'"


def platform(name: str, glibc: str = GLIBC) -> Platform:
    """Returns the platform of that name."""
    return Platform(name, glibc if name.startswith("linux/") else "")


def here() -> str:
    """Returns the name of this machine's platform, which is not in KNOWN if flowc cannot lock for it."""
    import os

    machine = os.uname().machine.lower()
    return f"{sys.platform}/{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }".replace(" ", "")

"""`@conda(packages={}, libraries={}, python=None, disabled=None)`: packages from conda's channels that the step needs.

A package's name may be `channel::name`; `libraries` is an old name of `packages`. Locked with `flowc lock`, they are
there in local runs and in tasks (environments.md). Without a lock, a local run uses the packages of its own Python,
with a warning where they differ.
"""

from __future__ import annotations

from ._packages import check as check
from ._packages import has_effect as has_effect
from ._packages import read as read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"packages": {}, "libraries": {}, "python": None, "disabled": None}
IN_IMAGE = True
WHY = "the packages would be missing from the step's container"
HOW = "give an image that contains the packages, with `--image` or the `image` of `@kubernetes` or `@batch`"

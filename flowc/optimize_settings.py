"""The settings of the optimizer: `[tool.flowc] optimize = true`, or the table `[tool.flowc.optimize]`."""

from __future__ import annotations

from flowc.compiler.optimize.settings import Settings, StepSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Refuse = Callable[[str, str, str, str], None]  # key, what, why, how
    Unknown = Callable[[str, tuple[str, ...], str], None]  # key, the keys, where

_TABLE = "`[tool.flowc.optimize]`"
_FLAGS = ("fuse", "loops", "together", "branches")
_LEAST = {"items": 1, "containers": 0}
_SIZES = ("equal", "largest")
_OF_FLOW = ("fuse", "loops", "items", "containers", "sizes", "steps")
_OF_STEP = tuple(name for name in StepSettings.__match_args__ if name != "sizes_of")
_WHY = {
    "fuse": "it says if steps may share a container",
    "loops": "it says if the visits of a loop may share a container",
    "branches": "it says if the branches of a split may share a container",
    "together": "it says if a whole foreach shares one container",
    "items": "it is the least number of items in a container",
    "containers": "it is the most containers of one foreach, or 0 for any number",
    "cpu": "it is the number of cores of a container that runs several tasks",
    "memory": "it is the memory of a container that runs several tasks, in MiB",
}


def read(value: Any, refuse: Refuse, unknown: Unknown) -> Settings | None:
    """Returns the settings of a value of `optimize`; None for `false`. Wrong ones are refused and left out."""
    if isinstance(value, bool):
        return Settings() if value else None
    if not isinstance(value, dict):
        how = "write `optimize = true`, or settings below `[tool.flowc.optimize]`"
        refuse(
            "optimize", "has an `optimize` that is neither true, false nor a table", "it turns the optimizer on", how
        )
        return None
    return Settings(**dict(_of_flow(value, refuse, unknown)))


def _of_flow(table: dict[str, Any], refuse: Refuse, unknown: Unknown) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if key not in _OF_FLOW:
            unknown(key, _OF_FLOW, _TABLE)
        elif key == "steps":
            yield key, tuple(_steps(value, refuse, unknown))
        elif key == "sizes":
            if value in _SIZES:
                yield key, value
            else:
                why = "it says if steps of different sizes may share a container, which then has the largest"
                refuse(key, f"has an invalid `sizes`: `{value}`", why, 'write `sizes = "equal"` or `sizes = "largest"`')
        elif _is_valid(key, value, refuse):
            yield key, value


def _steps(table: Any, refuse: Refuse, unknown: Unknown) -> Iterator[tuple[str, StepSettings]]:
    if not isinstance(table, dict):
        how = "write settings below `[tool.flowc.optimize.steps.NAME]`"
        refuse("steps", "has `steps` of `optimize` that are not a table", "it maps steps to their settings", how)
        return
    for name, own in sorted(table.items()):
        where = f"`[tool.flowc.optimize.steps.{name}]`"
        if not isinstance(own, dict):
            what = f"has settings of the optimizer for step `{name}` that are not a table"
            refuse(name, what, "a step has several settings", f"write them below {where}")
            continue
        valid: dict[str, Any] = {}
        for key, value in own.items():
            if key not in _OF_STEP:
                unknown(key, _OF_STEP, where)
            elif _is_valid(key, value, refuse):
                valid[key] = float(value) if key in ("cpu", "memory") else value
        yield name, StepSettings(**valid)


def _is_valid(key: str, value: Any, refuse: Refuse) -> bool:
    """Returns True for a valid flag or amount; otherwise refuses it."""
    if key in _FLAGS:
        if isinstance(value, bool):
            return True
        refuse(key, f"has an invalid `{key}`: `{value}`", _WHY[key], f"write `{key} = true` or `{key} = false`")
        return False
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if key in _LEAST:
        if is_number and isinstance(value, int) and value >= _LEAST[key]:
            return True
        how = f"give a whole number of at least {_LEAST[key]}"
    else:
        if is_number and 0 < value < float("inf"):
            return True
        how = "give a number greater than 0"
    refuse(key, f"has an invalid `{key}`: `{value}`", _WHY[key], how)
    return False

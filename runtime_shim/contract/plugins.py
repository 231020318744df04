"""Plug-ins in the code package and in a local run: where the code is that runs around the steps of their decorators."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping

VARIABLE = "FLOWC_PLUGINS"  # a JSON object: name → path of the file, where the flow is not in a code package


def place_of(name: str) -> str:
    """Returns the file's path in the code package."""
    return f"flowc_plugins/{name}.py"


def give(paths: Mapping[str, str]) -> None:
    """Leaves the paths, and no others, to this process and those that it starts."""
    os.environ.pop(VARIABLE, None)
    os.environ.update(variables(paths))


def variables(paths: Mapping[str, str]) -> Dict[str, str]:
    """Returns what a process that runs the flow must have in its environment."""
    return {VARIABLE: json.dumps(dict(paths))} if paths else {}


def given() -> Dict[str, str]:
    """Returns the paths that this process was given."""
    return dict(json.loads(os.environ.get(VARIABLE) or "{}"))


def imported(flow: Dict[str, Any]) -> Dict[str, str]:
    """Returns qualified name → name of each plug-in that the flow imports. `flow` is the IR's JSON form."""
    names = [item["name"] for item in flow.get("inputs", ()) if item["kind"] == "plugin"]
    return {name: name.rpartition(".")[2] for name in names}

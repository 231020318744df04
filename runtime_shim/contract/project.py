"""`@project` in a task: the project and its branch in `current` (Metaflow's documentation, project)."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from . import semantics


def place(attributes: Dict[str, Any], flow: str, user: str) -> Dict[str, Any]:
    """Returns `project_name`, `branch_name`, `project_flow_name`, `is_user_branch` and `is_production`."""
    project, branch, production, name = semantics.project(attributes)
    name = name or semantics.branch_name(branch, production, os.environ.get("METAFLOW_OWNER") or user)
    return {
        "project_name": project, "branch_name": name,
        "project_flow_name": semantics.project_flow_name(project, name, flow),
        "is_user_branch": not branch and not production, "is_production": production,
    }  # fmt: skip


def tags(attributes: Optional[Dict[str, Any]], flow: str, user: str) -> Dict[str, Any]:
    """Returns the part of run.json about the project: `system_tags`, or nothing without `@project`."""
    if attributes is None:
        return {}
    names = place(attributes, flow, user)
    return {"system_tags": list(semantics.project_tags(names["project_name"], names["branch_name"]))}

"""`@project` in a task: what `current` says of the project and its branch (Metaflow's documentation, project)."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional


def place(attributes: Dict[str, Any], flow: str, user: str) -> Dict[str, Any]:
    """Returns `project_name`, `branch_name`, `project_flow_name`, `is_user_branch` and `is_production`."""
    branch, production = attributes.get("branch"), bool(attributes.get("production"))
    if branch:
        name = f"{'prod' if production else 'test'}.{branch}"
    else:
        name = "prod" if production else f"user.{os.environ.get('METAFLOW_OWNER') or user}"
    name = attributes.get("branch_name") or name  # the one that a spec was compiled for
    project = attributes.get("name")
    return {
        "project_name": project, "branch_name": name, "project_flow_name": f"{project}.{name}.{flow}",
        "is_user_branch": not branch and not production, "is_production": production,
    }  # fmt: skip


def tags(attributes: Optional[Dict[str, Any]], flow: str, user: str) -> Dict[str, Any]:
    """Returns what run.json says of the project: `system_tags`, or nothing without `@project`."""
    if attributes is None:
        return {}
    found = place(attributes, flow, user)
    return {"system_tags": [f"project:{found['project_name']}", f"project_branch:{found['branch_name']}"]}

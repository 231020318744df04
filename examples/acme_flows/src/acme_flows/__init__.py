"""Acme's decorators for flows. `decorators/` has what flowc compiles for each; Python itself sees plain functions."""

from __future__ import annotations

from typing import Any


def gpu_pool(step: Any = None, *, name: str = "shared", gpus: int = 1) -> Any:
    """Runs a step in one of Acme's pools of GPUs. For Python, it returns the step unchanged."""
    return step if step is not None else (lambda decorated: decorated)

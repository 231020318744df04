"""`@gpu_pool(name="shared", gpus=1)`: the step runs in one of Acme's pools of GPUs, and its use is accounted for."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"name": "shared", "gpus": 1}
AROUND = "gpu_pool_task.py"
POOLS = {"shared": 1, "training": 8}  # the GPUs of one machine of each pool


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    """Yields what is wrong with the values: a pool that does not exist, or more GPUs than its machines have."""
    name, gpus = decorator.attributes["name"], decorator.attributes["gpus"]
    if name not in POOLS:
        pools = " or ".join(f"`{pool}`" for pool in POOLS)
        yield value_error(decorator, "name", "Acme has no such pool", f"use {pools}")
    elif not isinstance(gpus, int) or not 1 <= gpus <= POOLS[str(name)]:
        why = f"a machine of this pool has {POOLS[str(name)]}"
        yield value_error(decorator, "gpus", why, "ask for fewer, or use `name='training'`")


def asks(decorator: Decorator, _owner: Step) -> dict[str, dict[str, Value]]:
    """Returns what the decorator asks of a pod on Kubernetes, and of a job on AWS Batch."""
    name, gpus = decorator.attributes["name"], decorator.attributes["gpus"]
    return {
        "resources": {"gpu": gpus},
        "kubernetes": {
            "labels": {"acme.example/pool": name},
            "node_selector": {"acme.example/pool": name},
            "tolerations": [{"key": "acme.example/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        },
        "batch": {"queue": f"acme-{name}"},
    }

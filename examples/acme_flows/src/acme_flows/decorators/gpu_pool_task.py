"""The part of `@gpu_pool` that runs in the task. It travels in the code package, so images need not have it."""

import time


def around(step_name, flow, inputs, attributes):
    """Prints how long a step had its GPUs. The step runs where this yields; it fails there if the step does."""
    print(f"{step_name} has {attributes['gpus']} GPU of pool {attributes['name']}")
    started = time.monotonic()
    try:
        yield
    finally:
        flow.gpu_seconds = attributes["gpus"] * (time.monotonic() - started)
        print(f"{step_name} gives them back")

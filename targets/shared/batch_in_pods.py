"""`@batch` on a target that makes pods: the pod has the cores, memory, devices and image that the job would have.

What else a job may have belongs to AWS Batch. If the step could not work without it, it is refused (FLOW503). What only
says where and as whom the job runs is left out, and FLOW508 says so, once for the flow. A step with `@kubernetes` has
said what its pod is, so its `@batch` is not read.
"""

from __future__ import annotations

from flowc.compiler.report.diagnostics import WARNING, Diagnostic

from .refusals import texts, unsupported_attributes
from .step_settings import decorator_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step

READ = (
    "cpu", "memory", "gpu", "shared_memory", "image", "executable", "use_tmpfs", "tmpfs_size", "tmpfs_path",
    "tmpfs_tempdir",
)  # fmt: skip
_REFUSED = ("inferentia", "trainium", "efa", "host_volumes", "efs_volumes", "privileged")


def batch_of(step: Step) -> Decorator | None:
    """Returns the `@batch` that a pod of the step is made from, or None."""
    return decorator_of(step, "batch") if decorator_of(step, "kubernetes") is None else None


def problems_of_batch(
    flow: Flow, target: str, is_written: Callable[[str], bool], code: str, why: str, taken: tuple[str, ...],
    report: str = "",
) -> Iterator[Diagnostic]:  # fmt: skip
    """Yields a diagnostic for each part of `@batch` that a pod cannot have, and FLOW508 for the parts it does not need.

    `code` and `why` are the target's, for text that it would change: for which `is_written` is False. For the folders,
    see `mounts.py`.
    """
    from .mounts import misplaced
    from .pods import pod_of

    found = [(step, decorator) for step in flow.steps if (decorator := batch_of(step)) is not None]
    for step, decorator in found:
        yield from unsupported_attributes(decorator, step.name, target, _REFUSED)
        for name in READ:
            if not all(map(is_written, texts(decorator.attributes[name]))):
                what = f"{target} would change `{name}` of `@batch` of step `{step.name}`"
                yield Diagnostic(code, what, decorator.span, why, "write it without them")
        for path, reason in misplaced(pod_of(step), taken, report):
            what = f"step `{step.name}` cannot mount a volume at `{path}`"
            yield Diagnostic("FLOW555", what, decorator.span, reason, "mount it elsewhere, such as at `/data`")
    if found:
        count = f"`@batch` of step `{found[0][0].name}`" if len(found) == 1 else f"`@batch` of {len(found)} steps"
        yield Diagnostic(
            "FLOW508", f"{count} asks a pod for cores, memory and image on target `{target}`", found[0][1].span,
            "the target starts pods, not jobs of AWS Batch: queue, roles, tags and log options have no meaning there",
            "write `@kubernetes` if the pod needs more, such as a service account", WARNING,
        )  # fmt: skip

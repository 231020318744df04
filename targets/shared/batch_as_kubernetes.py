"""What a pod of a step with `@batch` has in common with the job: the same as `@kubernetes` would ask for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.decorators.kubernetes import Kubernetes
    from flowc.compiler.ir.nodes import Decorator


def as_kubernetes(decorator: Decorator) -> Kubernetes:
    """Returns what `@kubernetes` would hold for the same container."""
    from flowc.compiler.decorators.batch import read
    from flowc.compiler.decorators.kubernetes import Kubernetes

    job = read(decorator)
    return Kubernetes(
        cpu=job.cpu, memory=job.memory, gpu=job.gpu, shared_memory=job.shared_memory, image=job.image,
        executable=job.executable, tmpfs_path=job.tmpfs_path, tmpfs_size=job.tmpfs_size,
        tmpfs_is_tempdir=job.tmpfs_is_tempdir,
    )  # fmt: skip

"""What `@secrets` needs in a task's container, which only its owner can provide: FLOW507, a warning."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import WARNING, Diagnostic

from ..target import IMAGE
from .step_settings import decorator_of, image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Step

    from ..target import Options

DEFAULT_BACKEND = "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE"


def needs_of_secrets(step: Step, options: Options) -> Iterator[Diagnostic]:
    """Yields FLOW507 for secrets without a backend, and for a backend whose client the default image does not have."""
    decorator = decorator_of(step, "secrets")
    if decorator is None:
        return
    from flowc.compiler.decorators.environment import read as read_environment
    from flowc.compiler.decorators.secrets import read
    from flowc.runtime_shim.contract.secret_clients import SECRET_CLIENTS

    backends = dict.fromkeys(source.backend for source in read(decorator).sources)
    environment = decorator_of(step, "environment")
    own = read_environment(environment).variables if environment is not None else {}
    if "" in backends and DEFAULT_BACKEND not in own:
        yield Diagnostic(
            "FLOW507", f"a secret of step `{step.name}` names no backend", decorator.span,
            f"its task then needs {DEFAULT_BACKEND} in the environment of its container",
            "write `'aws-secrets-manager.NAME'` or the like, or set the variable in the image or with `@environment`",
            WARNING,
        )  # fmt: skip
    is_bare = options.image_of(step.name, image(step)) == IMAGE and not options.packages_of(step.name)
    for backend in backends:
        if backend in SECRET_CLIENTS and is_bare:
            packages = SECRET_CLIENTS[backend][1]
            yield Diagnostic(
                "FLOW507", f"the image of step `{step.name}` cannot read secrets of {backend}", decorator.span,
                f"`{IMAGE}` does not contain the client: {packages}",
                "choose an image that does, or give the step these packages with `@pypi`",
                WARNING,
            )  # fmt: skip

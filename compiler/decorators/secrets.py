"""`@secrets(sources=[], role=None, allow_override=False)`: environment variables from a secrets manager.

A source is `"BACKEND.ID"` (split at the first dot), `"ID"` of the default backend, or a dictionary with `type`, `id`,
`options` and `role`. The task fetches the secret before the step runs, on every target and locally, with the client of
its backend (`boto3`, `google-cloud-secret-manager`, `azure-keyvault-secrets` and `azure-identity`), which the step's
environment or image must contain. Names, options and roles are Metaflow's, and so are the variables
METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE, METAFLOW_DEFAULT_SECRETS_ROLE, METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION,
METAFLOW_GCP_SECRET_MANAGER_PREFIX and METAFLOW_AZURE_KEY_VAULT_PREFIX of the task's environment. `inline` secrets need
no backend. The values are never part of a spec, a record or a message.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import semantics

from ._kinds import flags, texts
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"sources": [], "role": None, "allow_override": False}
WHY = "the secrets would be missing from the step's environment"
HOW = "let the orchestrator set the secret in the container's environment, or remove the decorator"
BACKENDS = semantics.SECRET_BACKENDS
_KEYS = ("type", "id", "options", "role")


@record
class Source:
    """A secret."""

    backend: str  # of BACKENDS; "": the default one
    id: str
    options: dict[str, Value]
    role: str  # "": none


@record
class Secrets:
    """The sources of variables in the task's environment."""

    sources: tuple[Source, ...]


def has_effect(decorator: Decorator) -> bool:
    """Returns False if all secrets are inline: the task sets these itself, wherever it runs."""
    return any(source.backend != "inline" for source in read(decorator).sources)


def read(decorator: Decorator) -> Secrets:
    """Returns the decorator's values as a record. Its check has accepted them."""
    result = []
    for source in semantics.secret_sources(decorator.attributes):
        backend, name, options = semantics.secret_source(source)
        role = semantics.secret_role(source, decorator.attributes)
        result.append(Source(str(backend), str(name), options if isinstance(options, dict) else {}, role))
    return Secrets(tuple(result))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from texts(decorator, "role")
    yield from flags(decorator, "allow_override")
    sources = decorator.attributes["sources"]
    if not isinstance(sources, list):
        yield value_error(
            decorator, "sources", "it must be a list of secrets", "write `sources=['aws-secrets-manager.NAME']`"
        )
        return
    wrong = [reason for source in sources for reason in _wrong(source)]
    for why, how in dict.fromkeys(wrong):
        yield value_error(decorator, "sources", why, how)
    if not wrong and any(sources.count(source) > 1 for source in sources):
        yield value_error(
            decorator, "sources", "a secret is given twice, and would set its variables twice", "keep one of them"
        )


def _wrong(source: Value) -> Iterator[tuple[str, str]]:
    """Yields (why, how) for each fault of one source."""
    if isinstance(source, str):
        backend, dot, name = source.partition(".")
        if not source or (dot and not name):
            yield "a secret must have a name", "write `'aws-secrets-manager.NAME'`"
        elif dot and backend not in BACKENDS:
            yield _unknown(backend)
        return
    if not isinstance(source, dict):
        yield "a secret must be text or a dictionary", "write `'aws-secrets-manager.NAME'`, or `{'type': …, 'id': …}`"
        return
    unknown = [key for key in source if key not in _KEYS]
    if unknown:
        yield f"a secret has no key `{unknown[0]}`", "its keys are `type`, `id`, `options` and `role`"
    if not isinstance(source.get("id"), str) or (not source["id"] and source.get("type") != "inline"):
        yield "a secret must have an `id`, which must be text", "write `{'type': …, 'id': 'NAME'}`"
    kind = source.get("type")
    if kind is not None and (not isinstance(kind, str) or kind not in BACKENDS):
        yield _unknown(kind)
    if not isinstance(source.get("options", {}), dict):
        yield "the `options` of a secret must be a dictionary", "write `'options': {…}`"
    elif kind == "inline":
        yield from _wrong_variables(source.get("options", {}))
    if source.get("role") is not None and not isinstance(source["role"], str):
        yield "the `role` of a secret must be text", "write `'role': 'arn:…'`"


def _wrong_variables(options: Value) -> Iterator[tuple[str, str]]:
    variables = options.get("env_vars", {}) if isinstance(options, dict) else {}
    if not isinstance(variables, dict):
        yield (
            "`env_vars` of an inline secret must be a dictionary",
            "write `'options': {'env_vars': {'NAME': 'value'}}`",
        )
        return
    for name, value in variables.items():
        if not semantics.is_secret_variable(name):
            yield (
                f"`{name}` is not a valid name of a secret's variable",
                "use letters, digits and `_`, without a digit or `METAFLOW_` at the beginning",
            )
        if not isinstance(value, str):
            yield f"the value of `{name}` must be text", "write it as text"


def _unknown(backend: Value) -> tuple[str, str]:
    return f"`{backend}` is not a backend of secrets", "the backends are " + ", ".join(
        f"`{backend}`" for backend in BACKENDS
    )

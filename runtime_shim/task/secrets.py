"""`@secrets`: environment variables that the task fetches before the step runs (Metaflow's documentation, secrets).

A source is `"backend.id"`, `"id"` for the backend of METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE, or a dict with `type`,
`id`, `options`, `role`. The role is the source's own, the decorator's, or METAFLOW_DEFAULT_SECRETS_ROLE. Values stay in
the environment of the task: no message shows one.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Tuple

from ..contract.semantics import (
    SECRET_BACKENDS,
    is_secret_variable,
    replaces_variables,
    secret_role,
    secret_source,
    secret_sources,
)
from ..exceptions import MetaflowException


def variables(decorator: Dict[str, Any]) -> Dict[str, str]:
    """Returns the variables from all sources of the decorator.

    Raises MetaflowException, because a step must not run without its secrets.
    """
    fetched: Dict[str, str] = {}
    owner: Dict[str, str] = {}
    default_role = os.environ.get("METAFLOW_DEFAULT_SECRETS_ROLE", "")
    for source in secret_sources(decorator):
        backend, name, options = _parse(source)
        for variable, value in _fetch(backend, name, options, secret_role(source, decorator) or default_role).items():
            _check(name, variable, value)
            if variable in owner:
                raise MetaflowException(f"@secrets: both {owner[variable]!r} and {name!r} set the variable {variable}")
            if variable in os.environ and not replaces_variables(decorator):
                raise MetaflowException(
                    f"@secrets: {name!r} sets the variable {variable}, which is already set: allow_override=True "
                    "replaces it"
                )
            owner[variable], fetched[variable] = name, value
    return fetched


def _parse(source: Any) -> Tuple[str, str, Dict[str, Any]]:
    """Returns the backend, the secret's name, and its options."""
    if not isinstance(source, (str, dict)):
        raise MetaflowException(f"@secrets: a source must be a string or a dict, not {source!r}")
    kind, name, options = secret_source(source)
    kind = kind or _default_backend()
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(options, dict):
        raise MetaflowException("@secrets: in a source, `type` and `id` must be strings, and `options` must be a dict")
    return kind, name, options


def _default_backend() -> str:
    backend = os.environ.get("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "")
    if not backend:
        raise MetaflowException(
            "@secrets: a source names no backend: write 'backend.id', or set METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE"
        )
    return backend


def _fetch(backend: str, name: str, options: Dict[str, Any], role: str) -> Dict[str, Any]:
    if backend == "inline":
        values = options.get("env_vars", {})
        if not isinstance(values, dict):
            raise MetaflowException(f"@secrets: `env_vars` of {name!r} must be a dict")
        return values
    if backend not in SECRET_BACKENDS:
        raise MetaflowException(f"@secrets: unknown backend {backend!r}: choose one of {', '.join(SECRET_BACKENDS)}")
    from .secret_backends import fetch

    return fetch(backend, name, options, role)


def _check(name: str, variable: Any, value: Any) -> None:
    if not isinstance(variable, str) or not isinstance(value, str):
        raise MetaflowException(
            f"@secrets: names and values of {name!r} must be strings, not {variable!r}: {type(value).__name__}"
        )
    if not is_secret_variable(variable):
        raise MetaflowException(
            f"@secrets: {name!r} sets {variable!r}, but a secret cannot set a variable of that name"
        )

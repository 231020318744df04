"""`@secrets`: environment variables that are fetched in the task, before the step runs (Metaflow's documentation, secrets).

A source is `"backend.id"`, `"id"` for the backend of METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE, or a dict with `type`, `id`, `options`, `role`.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Tuple

from ..contract.semantics import SECRET_BACKENDS, is_secret_variable, secret_source
from ..exceptions import MetaflowException

_KNOWN = tuple(each for each in SECRET_BACKENDS if each != "inline")


def variables(decorator: Dict[str, Any]) -> Dict[str, str]:
    """Returns the variables of all sources of the decorator. Raises MetaflowException: a step must not run without its secrets."""
    found: Dict[str, str] = {}
    owner: Dict[str, str] = {}
    for source in decorator.get("sources") or []:
        backend, name, options = _parse(source)
        for variable, value in _fetch(backend, name, options).items():
            _check(name, variable, value)
            if variable in owner:
                raise MetaflowException(f"@secrets: both {owner[variable]!r} and {name!r} set the variable {variable}")
            if variable in os.environ and not decorator.get("allow_override"):
                raise MetaflowException(
                    f"@secrets: {name!r} sets the variable {variable}, which is set already: allow_override=True replaces it"
                )
            owner[variable], found[variable] = name, value
    return found


def _parse(source: Any) -> Tuple[str, str, Dict[str, Any]]:
    """The backend, the secret's name, and its options."""
    if not isinstance(source, (str, dict)):
        raise MetaflowException(f"@secrets: a source is a text or a dict, not {source!r}")
    kind, name, options = secret_source(source)
    kind = kind or _default_backend()
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(options, dict):
        raise MetaflowException("@secrets: of a source, `type` and `id` are texts and `options` is a dict")
    return kind, name, options


def _default_backend() -> str:
    backend = os.environ.get("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "")
    if not backend:
        raise MetaflowException(
            "@secrets: a source names no backend: write 'backend.id', or set METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE"
        )
    return backend


def _fetch(backend: str, name: str, options: Dict[str, Any]) -> Dict[str, Any]:
    if backend == "inline":
        found = options.get("env_vars", {})
        if not isinstance(found, dict):
            raise MetaflowException(f"@secrets: `env_vars` of {name!r} is a dict")
        return found
    if backend in _KNOWN:
        raise MetaflowException(
            f"@secrets: flowc does not fetch from {backend} yet (secret {name!r}): set its variables for the task in another way"
        )
    raise MetaflowException(f"@secrets: there is no backend {backend!r}: inline, {', '.join(_KNOWN)}")


def _check(name: str, variable: Any, value: Any) -> None:
    if not isinstance(variable, str) or not isinstance(value, str):
        raise MetaflowException(
            f"@secrets: names and values of {name!r} are texts, not {variable!r}: {type(value).__name__}"
        )
    if not is_secret_variable(variable):
        raise MetaflowException(
            f"@secrets: {name!r} has {variable!r}, which is no name of a variable that a secret may set"
        )

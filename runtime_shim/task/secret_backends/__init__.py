"""Where the secrets of `@secrets` are kept: a backend a file, with `fetch(name, options, role)`.

A file imports its backend's own client (`contract/secret_clients.py`), which the step's environment or image must
contain.
"""

from __future__ import annotations

import json
from importlib import import_module

from ...contract.secret_clients import SECRET_CLIENTS
from ...exceptions import MetaflowException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_FILES = {"aws-secrets-manager": "aws", "gcp-secret-manager": "gcp", "az-key-vault": "azure"}


def fetch(backend: str, name: str, options: Dict[str, Any], role: str) -> Dict[str, str]:
    """Returns the variables of the secret `name`. Raises MetaflowException if they cannot be had."""
    module, packages = SECRET_CLIENTS[backend]
    try:
        import_module(module)
    except ImportError as error:
        raise MetaflowException(
            f"@secrets: the secret {name!r} is in {backend}, and its client cannot be imported ({error}): the step's "
            f"environment or image must contain it (pip install {packages})"
        ) from None
    found: Dict[str, str] = import_module(f"{__name__}.{_FILES[backend]}").fetch(name, options, role)
    return found


def variable(name: str) -> str:
    """Returns the name of the variable for a name of a secret or of one of its fields, as Metaflow makes it."""
    return name.replace("-", "_").replace(".", "_").replace("/", "_")


def fields(name: str, text: str) -> Dict[str, str]:
    """Returns the variables of a secret whose text is a JSON object. Raises MetaflowException; never shows the text."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise MetaflowException(
            f"@secrets: the secret {name!r} is not a JSON object: give it the option 'json': False to get its text as "
            "one variable"
        )
    variables: Dict[str, str] = {}
    for key, value in data.items():
        if variable(key) in variables:
            raise MetaflowException(f"@secrets: two fields of the secret {name!r} set the variable {variable(key)}")
        variables[variable(key)] = str(value)
    return variables

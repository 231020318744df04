"""Secrets of Google's Secret Manager (REST reference, projects.secrets.versions.access), by its own client.

`id` is `projects/P/secrets/NAME`, or a name below METAFLOW_GCP_SECRET_MANAGER_PREFIX; without `/versions/V`, the latest
version counts. The secret's text is one variable, with the secret's name or that of the option `env_var_name`. With the
option `json: True`, each field of the text is a variable; with `binary: True`, the variable is in base64.
"""

from __future__ import annotations

import base64
import os
import re

from ...exceptions import MetaflowException
from . import fields, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

PREFIX = "METAFLOW_GCP_SECRET_MANAGER_PREFIX"
_SECRET = re.compile(r"(?P<project>projects/[^/]+/secrets/)?(?P<name>[\w-]+)(?P<version>/versions/[\w-]+)?")


def fetch(name: str, options: Dict[str, Any], role: str) -> Dict[str, str]:
    """Returns the secret's variables. `role` has no meaning here. Raises MetaflowException."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

    place, own_name = resource(name)
    try:
        answer = SecretManagerServiceClient().access_secret_version(request={"name": place})
    except (GoogleAPIError, GoogleAuthError) as error:
        raise MetaflowException(f"@secrets: the secret {name!r} cannot be read: {error}") from None
    data: bytes = answer.payload.data
    key = variable(str(options.get("env_var_name") or own_name))
    if options.get("binary"):
        return {key: base64.b64encode(data).decode("ascii")}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MetaflowException(
            f"@secrets: the secret {name!r} is not text: give it the option 'binary': True"
        ) from None
    return fields(name, text) if options.get("json") else {key: text}


def resource(name: str) -> Tuple[str, str]:
    """Returns the full name of the secret's version, and the secret's own name. Raises MetaflowException."""
    parts = _SECRET.fullmatch(name)
    if parts is None:
        raise MetaflowException(
            f"@secrets: {name!r} is not the name of a secret: write 'projects/PROJECT/secrets/NAME', with "
            "'/versions/VERSION' for one version"
        )
    project = parts["project"] or os.environ.get(PREFIX, "")
    if not project:
        raise MetaflowException(
            f"@secrets: the secret {name!r} names no project: write 'projects/PROJECT/secrets/{name}', or set {PREFIX}"
        )
    return project + parts["name"] + (parts["version"] or "/versions/latest"), parts["name"]

"""Secrets of Azure Key Vault (REST reference, Get Secret), by its own client.

`id` is `https://VAULT.vault.azure.net/secrets/NAME`, with `/VERSION` for one version, or `NAME` or `NAME/VERSION` in
the vault of METAFLOW_AZURE_KEY_VAULT_PREFIX. The secret is one variable, with its name or that of the option
`env_var_name`. The credentials are those that `DefaultAzureCredential` finds.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from ...exceptions import MetaflowException
from . import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

PREFIX = "METAFLOW_AZURE_KEY_VAULT_PREFIX"
DOMAINS = (".vault.azure.net", ".vault.azure.cn", ".vault.usgovcloudapi.net", ".vault.microsoftazure.de")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,126}")
_VERSION = re.compile(r"[A-Za-z0-9]{32}")


def fetch(name: str, options: Dict[str, Any], role: str) -> Dict[str, str]:
    """Returns the secret's variable. `role` has no meaning here. Raises MetaflowException."""
    from azure.core.exceptions import AzureError
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient

    vault, own_name, version = place(name)
    try:
        secret = SecretClient(vault_url=vault, credential=DefaultAzureCredential()).get_secret(own_name, version)
    except AzureError as error:
        raise MetaflowException(f"@secrets: the secret {name!r} cannot be read: {error}") from None
    return {variable(str(options.get("env_var_name") or secret.name)): str(secret.value)}


def place(name: str) -> Tuple[str, str, Optional[str]]:
    """Returns the vault's URL, the secret's own name, and its version or None. Raises MetaflowException."""
    url = name
    if not name.startswith("https://"):
        prefix = os.environ.get(PREFIX, "").rstrip("/")
        if not prefix:
            raise MetaflowException(
                f"@secrets: the secret {name!r} names no vault: write 'https://VAULT.vault.azure.net/secrets/NAME', or "
                f"set {PREFIX}"
            )
        url = f"{prefix}/secrets/{name}"
    parts = urlsplit(url)
    kind, *rest = parts.path.strip("/").split("/")
    is_whole = parts.scheme == "https" and kind == "secrets" and len(rest) in (1, 2)
    # the token of the task's identity goes to this host, so it must be one of Azure's
    if not is_whole or not (parts.hostname or "").endswith(DOMAINS) or not _NAME.fullmatch(rest[0]):
        raise MetaflowException(
            f"@secrets: {name!r} is not the name of a secret: write 'https://VAULT.vault.azure.net/secrets/NAME'"
        )
    if len(rest) == 2 and not _VERSION.fullmatch(rest[1]):
        raise MetaflowException(f"@secrets: {rest[1]!r} is not a version of a secret: it has 32 letters and digits")
    return f"https://{parts.netloc}", rest[0], rest[1] if len(rest) == 2 else None

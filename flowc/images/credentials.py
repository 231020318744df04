"""Credentials of registries, from where Docker and Podman keep them. flowc writes and prints none.

The files are `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json` (by default `~/.docker/config.json`) and
`$XDG_RUNTIME_DIR/containers/auth.json`, in this order. In a file, a credential helper for the registry comes first,
then the entry of `auths`, then the general helper (docker login, "Credential helpers").
"""

from __future__ import annotations

import base64
import json
import os

from flowc.terminal import Failure

from .references import HUB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .references import Reference

_HUB_KEY = "https://index.docker.io/v1/"  # of Docker Hub, since its first version
_TOKEN_USER = "<token>"  # with which a helper says that its secret is an identity token


class Credentials:
    """A user and password, or an identity token. Its text shows neither."""

    def __init__(self, user: str, password: str, token: str = "") -> None:
        self.user, self.password, self.token = user, password, token

    def __repr__(self) -> str:
        return "Credentials(…)"

    @property
    def basic(self) -> str:
        """The value of a header `Authorization`."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def find(reference: Reference) -> Credentials | None:
    """Returns the credentials for the repository, or None. Raises Failure for a file or a helper that is broken."""
    keys = list(_keys(reference))
    for path in _files():
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
            raise Failure(f"the credentials in {path} cannot be read: {reason}") from None
        credentials = _in_file(data if isinstance(data, dict) else {}, keys, path)
        if credentials is not None:
            return credentials
    return None


def _files() -> Iterator[str]:
    if os.environ.get("REGISTRY_AUTH_FILE"):
        yield os.environ["REGISTRY_AUTH_FILE"]
    yield os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")
    if os.environ.get("XDG_RUNTIME_DIR"):
        yield os.path.join(os.environ["XDG_RUNTIME_DIR"], "containers", "auth.json")


def _keys(reference: Reference) -> Iterator[str]:
    """Yields the names that an entry for the repository may have, the most specific first."""
    parts = reference.name.split("/")
    for count in range(len(parts), -1, -1):
        yield "/".join([reference.host, *parts[:count]])
    for scheme in ("https://", "http://"):
        yield scheme + reference.host
        yield f"{scheme}{reference.host}/"
    if reference.host == HUB:
        yield _HUB_KEY
        yield "index.docker.io"


def _in_file(data: dict[str, Any], keys: list[str], path: str) -> Credentials | None:
    helpers, auths = data.get("credHelpers") or {}, data.get("auths") or {}
    for key in keys:
        if key in helpers:
            return _of_helper(helpers[key], key)
    for key in keys:
        entry = auths.get(key)
        if isinstance(entry, dict) and (entry.get("auth") or entry.get("identitytoken")):
            return _of_entry(entry, path)
    if data.get("credsStore"):
        for key in keys:
            if key in auths or key in (_HUB_KEY, keys[0].partition("/")[0]):
                credentials = _of_helper(data["credsStore"], key)
                if credentials is not None:
                    return credentials
    return None


def _of_entry(entry: dict[str, Any], path: str) -> Credentials:
    try:
        user, _, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
    except ValueError:
        raise Failure(f"the credentials in {path} cannot be read: an `auth` is not valid base64") from None
    return Credentials(user, password, str(entry.get("identitytoken") or ""))


def _of_helper(name: str, key: str) -> Credentials | None:
    """Asks `docker-credential-NAME get`. Returns None if it has none (docker-credential-helpers, Usage)."""
    import subprocess

    program = f"docker-credential-{name}"
    if "/" in program or "\0" in program:
        raise Failure(f"`{name}` is not the name of a credential helper")
    try:
        done = subprocess.run([program, "get"], input=key, capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        raise Failure(f"the credential helper `{program}` for {key} is not installed") from None
    except (OSError, subprocess.TimeoutExpired):
        raise Failure(f"the credential helper `{program}` for {key} does not answer") from None
    if done.returncode:
        if "credentials not found" in done.stdout:
            return None
        raise Failure(f"the credential helper `{program}` for {key} failed with exit code {done.returncode}")
    try:
        answer = json.loads(done.stdout)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError):
        raise Failure(f"the answer of the credential helper `{program}` for {key} is invalid") from None
    return Credentials("", "", secret) if user == _TOKEN_USER else Credentials(user, secret)

"""Finds AWS credentials, in the order of AWS's own clients (AWS SDKs reference, standardized credential providers).

The order is: environment; web identity (EKS service accounts); shared files; a container's endpoint (ECS, Batch, EKS
pod identity); the instance's. Credentials of a web identity are cached in a file of the user's until they expire, since
each costs a request over the network. Those of an endpoint are cached in the process, for the processes that it forks:
an endpoint serves a few dozen requests a second, and refuses the rest.
"""

from __future__ import annotations

import os
import time

from flowc.runtime_shim.contract.errors import StoreError
from flowc.runtime_shim.fast_start import json_text

from . import http

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

MARGIN = 300  # seconds before expiry at which credentials are fetched again
TRIES = 3
PAUSE = 30  # seconds between two tries of a process that forks others
_of_endpoints: Dict[str, Credentials] = {}  # place of an endpoint → what it has returned last
_renewed = [0.0]  # the last try to renew them, by the monotonic clock


class Credentials:
    def __init__(self, key: str, secret: str, token: Optional[str] = None, expires: Optional[str] = None) -> None:
        self.key, self.secret, self.token, self.expires = key, secret, token, expires
        self.until = _seconds(expires) if expires else None

    @property
    def is_fresh(self) -> bool:
        return self.until is None or time.time() < self.until - MARGIN


def find(again: bool = False) -> Credentials:
    """Returns credentials.

    With `again`, ignores cached ones. Raises StoreError, which names the sources, if there are none.
    """
    for source in (
        _environment, lambda: _web_identity(again), _shared_files, lambda: _container(again), lambda: _instance(again)
    ):  # fmt: skip
        credentials = source()
        if credentials is not None:
            return credentials
    raise StoreError(
        "no AWS credentials were found in AWS_ACCESS_KEY_ID, a web identity, ~/.aws/credentials, the container's role "
        "or the instance's role"
    )


def renew() -> None:
    """Fetches credentials of endpoints again that are about to expire, before processes are forked that need them."""
    stale = [place for place, credentials in _of_endpoints.items() if not credentials.is_fresh]
    if not stale or time.monotonic() - _renewed[0] < PAUSE:
        return
    _renewed[0] = time.monotonic()
    try:
        find()
    except StoreError:  # whoever needs them says so
        pass


def _environment() -> Optional[Credentials]:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    return Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN")) if key and secret else None


# ── web identity ────────────────────────────────────────────────────────────────────────────────────────────────────


def _web_identity(again: bool) -> Optional[Credentials]:
    """Calls AWS STS, AssumeRoleWithWebIdentity, which needs no signature."""
    file, role = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"), os.environ.get("AWS_ROLE_ARN")
    if not file or not role:
        return None
    kept = _cache_file(role, file)
    credentials = None if again else _kept(kept)
    if credentials is None:
        credentials = _assume(role, file)
        _keep(kept, credentials)
    return credentials


def _assume(role: str, file: str) -> Credentials:
    from urllib.parse import urlencode

    try:
        with open(file, encoding="utf-8") as opened:
            token = opened.read().strip()
    except OSError as error:
        raise StoreError(f"the web identity's token {file} cannot be read: {error.strerror}") from None
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    url = os.environ.get("AWS_ENDPOINT_URL_STS") or (
        f"https://sts.{region}.amazonaws.com" if region else "https://sts.amazonaws.com"
    )
    session = os.environ.get("AWS_ROLE_SESSION_NAME") or f"flowc-{os.getpid()}"
    query = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": session,
        "WebIdentityToken": token,
    }
    answer = _fetch(url, {"content-type": "application/x-www-form-urlencoded"}, urlencode(query).encode(), "POST")
    if answer is None:
        raise StoreError(f"{url} returned no credentials for {role}")
    values = [_element(answer, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")]
    return Credentials(*values)


def _element(xml: str, name: str) -> str:
    value = xml.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
    if not value:
        raise StoreError(f"AWS STS answered without {name}")
    return value


def _cache_file(role: str, file: str) -> str:
    from flowc.runtime_shim.contract.digest import sha256

    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(folder, "flowc", "credentials", sha256(f"{role}\n{file}".encode()).hexdigest()[:32])


def _kept(path: str) -> Optional[Credentials]:
    """Returns the credentials that `_keep` wrote, if they are valid and nobody else could have written them."""
    try:
        with open(path, encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                return None
            credentials = Credentials(**json_text.loads(file.read()))
    except (OSError, ValueError, TypeError):
        return None
    return credentials if credentials.until is not None and credentials.is_fresh else None


def _keep(path: str, credentials: Credentials) -> None:
    temporary = f"{path}.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(
                json_text.dumps(
                    {
                        "key": credentials.key,
                        "secret": credentials.secret,
                        "token": credentials.token,
                        "expires": credentials.expires,
                    }
                )
            )
        os.replace(temporary, path)
    except OSError:  # the cache only saves time
        pass


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shared_files() -> Optional[Credentials]:
    path = os.path.expanduser(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials")
    if not os.path.exists(path):
        return None
    import configparser

    files = configparser.RawConfigParser()
    files.read(path)
    profile = os.environ.get("AWS_PROFILE") or "default"
    if not files.has_option(profile, "aws_access_key_id") or not files.has_option(profile, "aws_secret_access_key"):
        return None
    return Credentials(
        files.get(profile, "aws_access_key_id"), files.get(profile, "aws_secret_access_key"), files.get(profile,
        "aws_session_token", fallback=None)
    )  # fmt: skip


def configured_region() -> str:
    """Returns the region from the shared configuration file, or ""."""
    path = os.path.expanduser(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config")
    if not os.path.exists(path):
        return ""
    import configparser

    files = configparser.RawConfigParser()
    files.read(path)
    profile = os.environ.get("AWS_PROFILE")
    section = f"profile {profile}" if profile and profile != "default" else "default"
    return files.get(section, "region", fallback="")


# ── endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _container(again: bool) -> Optional[Credentials]:
    relative, url = (
        os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    )
    if not relative and not url:
        return None
    headers = {}
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    file = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    if file:
        try:
            with open(file, encoding="utf-8") as opened:
                token = opened.read().strip()
        except OSError as error:
            raise StoreError(
                f"the token file {file} for the container's credentials cannot be read: {error.strerror}"
            ) from None
    if token:
        headers["authorization"] = token
    place = f"http://169.254.170.2{relative}" if relative else str(url)
    kept = None if again else _fresh(place)
    if kept is not None:
        return kept
    answer = _fetch(place, headers)
    if answer is None:
        raise StoreError(f"the endpoint {place} returned no credentials for the container")
    return _lasting(place, _from_json(answer))


def _fresh(place: str) -> Optional[Credentials]:
    """Returns what the endpoint has returned last, if that is valid for some time."""
    credentials = _of_endpoints.get(place)
    return credentials if credentials is not None and credentials.is_fresh else None


def _lasting(place: str, credentials: Credentials) -> Credentials:
    if credentials.until is not None:
        _of_endpoints[place] = credentials
    return credentials


def _instance(again: bool) -> Optional[Credentials]:
    """Asks the EC2 instance metadata service, version 2."""
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254"
    kept = None if again else _fresh(base)
    if kept is not None:
        return kept
    token = _fetch(
        f"{base}/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}, method="PUT", patience=1, tries=1
    )
    if token is None:
        return None
    headers = {"x-aws-ec2-metadata-token": token}
    role = _fetch(f"{base}/latest/meta-data/iam/security-credentials/", headers)
    answer = (
        _fetch(f"{base}/latest/meta-data/iam/security-credentials/{role.split()[0]}", headers)
        if role and role.split()
        else None
    )
    return _lasting(base, _from_json(answer)) if answer else None


def _from_json(answer: str) -> Credentials:
    try:
        values: Dict[str, Any] = json_text.loads(answer)
        return Credentials(
            values["AccessKeyId"], values["SecretAccessKey"], values.get("Token"), values.get("Expiration")
        )
    except (ValueError, KeyError, TypeError):
        raise StoreError("the endpoint for AWS credentials returned something else than credentials") from None


def _fetch(
    url: str,
    headers: Optional[Dict[str, str]] = None,
    data: bytes = b"",
    method: str = "GET",
    patience: float = 5,
    tries: int = TRIES,
) -> Optional[str]:
    """Returns the answer's text; None if there is no answer, or an error."""
    for number in range(tries):
        if number:
            time.sleep(0.2 * 4**number * (0.5 + os.urandom(1)[0] / 510))
        try:
            answer = http.fetch(method, url, headers, data, patience)
        except OSError:
            continue
        if answer.status == 200:
            return answer.body.decode()
        if answer.status < 500 and answer.status != 429:
            return None
    return None


def _seconds(iso: str) -> float:
    """Converts an ISO 8601 time in UTC, such as `2026-01-31T12:00:00Z`, to seconds since 1970."""
    seconds = http.date_of(
        f"x, {iso[8:10]} {'JanFebMarAprMayJunJulAugSepOctNovDec'[3 * int(iso[5:7]) - 3 : 3 * int(iso[5:7])]} "
        f"{iso[:4]} {iso[11:19]}"
    )
    return seconds if seconds is not None else 0.0

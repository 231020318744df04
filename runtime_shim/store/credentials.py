"""Where AWS credentials come from, in the order of AWS's own clients (AWS SDKs reference, standardized credential providers).

Environment; web identity (EKS service accounts); shared files; a container's endpoint (ECS, Batch, EKS pod identity); the instance's.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any, Callable, Dict, Optional
from urllib import error, parse, request

from flowc.runtime_shim.errors import StoreError

MARGIN = 300  # seconds before they expire in which credentials are fetched again


class Credentials:
    def __init__(self, key: str, secret: str, token: Optional[str] = None, expires: Optional[str] = None) -> None:
        self.key, self.secret, self.token = key, secret, token
        self.until = _seconds(expires) if expires else None

    @property
    def is_fresh(self) -> bool:
        return self.until is None or time.time() < self.until - MARGIN


def find() -> Credentials:
    """Returns credentials. Raises StoreError, naming the places that were tried, if there are none."""
    for source in (_environment, _web_identity, _shared_files, _container, _instance):
        found = source()
        if found is not None:
            return found
    raise StoreError(
        "no AWS credentials were found: not in AWS_ACCESS_KEY_ID, a web identity, ~/.aws/credentials, the container's role or the instance's"
    )


def _environment() -> Optional[Credentials]:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    return Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN")) if key and secret else None


def _web_identity() -> Optional[Credentials]:
    """AWS STS, AssumeRoleWithWebIdentity: needs no signature."""
    file, role = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"), os.environ.get("AWS_ROLE_ARN")
    if not file or not role:
        return None
    with open(file, encoding="utf-8") as opened:
        token = opened.read().strip()
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    url = os.environ.get("AWS_ENDPOINT_URL_STS") or (f"https://sts.{region}.amazonaws.com" if region else "https://sts.amazonaws.com")
    session = os.environ.get("AWS_ROLE_SESSION_NAME") or f"flowc-{os.getpid()}"
    query = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": session, "WebIdentityToken": token}
    answer = _fetch(url, data=parse.urlencode(query).encode())
    if answer is None:
        raise StoreError(f"{url} cannot be reached for the credentials of {role}")
    values = {name: _element(answer, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")}
    return Credentials(values["AccessKeyId"], values["SecretAccessKey"], values["SessionToken"], values["Expiration"])


def _element(xml: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    if not found:
        raise StoreError(f"AWS STS answered without {name}")
    return found.group(1)


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
        files.get(profile, "aws_access_key_id"), files.get(profile, "aws_secret_access_key"), files.get(profile, "aws_session_token", fallback=None)
    )  # fmt: skip


def _container() -> Optional[Credentials]:
    relative, url = os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not relative and not url:
        return None
    headers = {}
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    file = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    if file:
        with open(file, encoding="utf-8") as opened:
            token = opened.read().strip()
    if token:
        headers["Authorization"] = token
    answer = _fetch(f"http://169.254.170.2{relative}" if relative else str(url), headers)
    if answer is None:
        raise StoreError("the container's credentials endpoint cannot be reached")
    return _from_json(json.loads(answer))


def _instance() -> Optional[Credentials]:
    """EC2 instance metadata service, version 2."""
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254"
    token = _fetch(f"{base}/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}, method="PUT", patience=1)
    if token is None:
        return None
    headers = {"X-aws-ec2-metadata-token": token}
    role = _fetch(f"{base}/latest/meta-data/iam/security-credentials/", headers)
    answer = _fetch(f"{base}/latest/meta-data/iam/security-credentials/{role.split()[0]}", headers) if role else None
    return _from_json(json.loads(answer)) if answer else None


def _from_json(answer: Dict[str, Any]) -> Credentials:
    return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("Token"), answer.get("Expiration"))


def _fetch(
    url: str, headers: Optional[Dict[str, str]] = None, data: Optional[bytes] = None, method: Optional[str] = None, patience: float = 5
) -> Optional[str]:
    """The answer's text; None if there is nobody, or a refusal."""
    opener: Callable[..., Any] = request.build_opener(request.ProxyHandler({})).open if url.startswith("http://169.254.") else request.urlopen
    try:
        with opener(request.Request(url, data=data, headers=headers or {}, method=method), timeout=patience) as answer:
            text: str = answer.read().decode()
            return text
    except (error.URLError, OSError):
        return None


def _seconds(iso: str) -> float:
    import calendar

    return calendar.timegm(time.strptime(iso[:19], "%Y-%m-%dT%H:%M:%S"))

"""Credentials for the registries of clouds, from what the cloud gives to this machine: no `docker login` is needed.

Amazon's registry (ECR) gives a password for credentials of AWS (Amazon ECR API reference, GetAuthorizationToken).
Google's (Artifact Registry, and before it Container Registry) take an access token of Google's, or the key of a service
account (Artifact Registry documentation, Set up authentication for Docker).
"""

from __future__ import annotations

import json
import os

from flowc.terminal import Failure

from .credentials import Credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
_GOOGLE = ("-docker.pkg.dev", "gcr.io")
HOSTS = (*_AMAZON, *_GOOGLE)
PATIENCE = 5.0  # seconds; other sources may have the credentials
_METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"
_LARGEST = 1 << 20  # bytes of an answer


def find(host: str) -> Credentials | None:
    """Returns credentials for the registry; None if this machine has none. Raises Failure if the cloud refuses."""
    if host.endswith(_AMAZON):
        place = _amazon(host)
        return _of_amazon(host, *place) if place is not None else None
    return _of_google() if _is_google(host) else None


def hint(host: str) -> str:
    """Returns what else gives credentials for the registry, as the end of a sentence."""
    if host.endswith(_AMAZON) and _amazon(host) is not None:
        return ", or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if _is_google(host):
        key = "name a service account's key in GOOGLE_APPLICATION_CREDENTIALS"
        return f", or `gcloud auth application-default login`, or {key}"
    return ""


def _is_google(host: str) -> bool:
    return host == "gcr.io" or host.endswith((".gcr.io", "-docker.pkg.dev"))


def _amazon(host: str) -> tuple[str, str] | None:
    """Returns the region of a private registry and the host of its API; None for other hosts.

    >>> _amazon("123456789012.dkr.ecr.eu-west-1.amazonaws.com")
    ('eu-west-1', 'api.ecr.eu-west-1.amazonaws.com')
    """
    account, *words = host.split(".")
    if len(words) < 5 or not account.isdigit() or words[0] != "dkr" or words[1] not in ("ecr", "ecr-fips"):
        return None
    _, ecr, region, *end = words
    domain = ".".join(end)
    return region, f"api.ecr.{region}.{domain}" if ecr == "ecr" else f"ecr-fips.{region}.{domain}"


def _of_amazon(host: str, region: str, api: str) -> Credentials | None:
    from datetime import datetime, timezone

    from flowc.runtime_shim.contract.digest import sha256
    from flowc.runtime_shim.contract.errors import StoreError
    from flowc.runtime_shim.store import credentials, http, signature

    try:
        own = credentials.find()
    except StoreError:
        return None
    url = os.environ.get("AWS_ENDPOINT_URL_ECR") or os.environ.get("AWS_ENDPOINT_URL") or f"https://{api}"
    body = json.dumps({"registryIds": [host.partition(".")[0]]}).encode()
    more = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    }
    date = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    place = url.partition("://")[2].partition("/")[0]
    signed = signature.headers(
        "POST", place, "/", {}, region, own.key, own.secret, own.token, date, sha256(body).hexdigest(), more, "ecr"
    )
    try:
        answer = http.fetch("POST", f"{url.rstrip('/')}/", signed, body)
    except OSError as error:
        raise Failure(f"{url}, which gives passwords for {host}, cannot be reached: {error}") from None
    try:
        reply = json.loads(answer.body)
        if answer.status != 200:
            said = reply.get("message") or reply.get("Message") or reply.get("__type") or "no reason given"
            raise Failure(f"AWS gives no password for {host} (HTTP status {answer.status}): {said}")
        return _of_pair(reply["authorizationData"][0]["authorizationToken"])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise Failure(f"{url}, which gives passwords for {host}, gave an invalid answer") from None


def _of_pair(text: str) -> Credentials:
    import base64

    user, _, password = base64.b64decode(text).decode().partition(":")
    return Credentials(user, password)


def _of_google() -> Credentials | None:
    path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") or os.path.join(
        os.environ.get("CLOUDSDK_CONFIG") or os.path.expanduser("~/.config/gcloud"),
        "application_default_credentials.json",
    )
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        data = json.loads(text)
        kind = data.get("type")
    except FileNotFoundError:
        return _of_metadata()
    except (OSError, ValueError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise Failure(f"Google's credentials in {path} cannot be read: {reason}") from None
    if kind == "service_account":
        return Credentials("_json_key", text)
    if kind == "authorized_user":
        return _of_user(data, path)
    raise Failure(
        f"Google's credentials in {path} are of the type `{kind}`, which flowc cannot use: "
        "run `gcloud auth configure-docker`, which installs a credential helper"
    )


def _of_user(data: dict[str, Any], path: str) -> Credentials:
    """Exchanges the refresh token that `gcloud auth application-default login` wrote (RFC 6749, section 6)."""
    import urllib.error
    import urllib.parse
    import urllib.request

    url = str(data.get("token_uri") or "https://oauth2.googleapis.com/token")
    try:
        form = {name: data[name] for name in ("client_id", "client_secret", "refresh_token")}
        request = urllib.request.Request(url, urllib.parse.urlencode({**form, "grant_type": "refresh_token"}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Credentials("oauth2accesstoken", str(json.loads(answer.read(_LARGEST))["access_token"]))
    except urllib.error.HTTPError as error:
        error.close()
        raise Failure(
            f"Google refuses the credentials in {path} (HTTP status {error.code}): "
            "run `gcloud auth application-default login` again"
        ) from None
    except OSError as error:
        raise Failure(f"{url} cannot be reached: {error}") from None
    except (ValueError, KeyError, TypeError):
        raise Failure(f"the credentials in {path}, or the answer of {url}, are invalid") from None


def _of_metadata() -> Credentials | None:
    """Asks the metadata server, which machines and pods in Google's cloud have."""
    from flowc.runtime_shim.store import http

    host = os.environ.get("GCE_METADATA_HOST") or "metadata.google.internal"
    try:
        answer = http.fetch("GET", f"http://{host}{_METADATA}", {"metadata-flavor": "Google"}, patience=PATIENCE)
        if answer.status != 200:
            return None
        return Credentials("oauth2accesstoken", str(json.loads(answer.body)["access_token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None

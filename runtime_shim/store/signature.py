"""AWS Signature Version 4 for requests to S3 (Amazon S3 API reference, Authenticating Requests: Using the Authorization Header)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Dict, Optional
from urllib.parse import quote

UNSIGNED = "UNSIGNED-PAYLOAD"


def headers(
    method: str, host: str, path: str, query: Dict[str, str], region: str, key: str, secret: str, token: Optional[str], date: str, body: bytes,
    extra: Optional[Dict[str, str]] = None,
) -> Dict[str, str]:  # fmt: skip
    """Returns all headers of the signed request. `path` is percent-encoded already; `date` is ISO 8601 basic format, as `20260101T000000Z`."""
    digest = hashlib.sha256(body).hexdigest()
    signed = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": date, **{name.lower(): value for name, value in (extra or {}).items()}}
    if token:
        signed["x-amz-security-token"] = token
    names = ";".join(sorted(signed))
    canonical = "\n".join((method, path, encoded_query(query), *(f"{name}:{signed[name].strip()}" for name in sorted(signed)), "", names, digest))
    scope = f"{date[:8]}/{region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signing = f"AWS4{secret}".encode()
    for part in (date[:8], region, "s3", "aws4_request", text):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    signed["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signing.hex()}"
    del signed["host"]  # http.client writes it
    return signed


def encoded_query(query: Dict[str, str]) -> str:
    """The query string in the canonical form: RFC 3986 encoded, then sorted."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def encoded_path(path: str) -> str:
    """A path in the canonical form of S3: each character but the unreserved and `/` percent-encoded, once."""
    return quote(path, safe="/-_.~")

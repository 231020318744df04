"""AWS Signature Version 4 for requests to S3, and to other services of AWS.

See the Amazon S3 API reference, Authenticating Requests: Using the Authorization Header.
"""

from __future__ import annotations

from flowc.runtime_shim.contract.digest import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_ENCODED = {byte: chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in range(256)}
_keys: Dict[Tuple[str, str, str, str], bytes] = {}  # (secret, day, region, service) → signing key


def headers(
    method: str, host: str, path: str, query: Dict[str, str], region: str, key: str, secret: str, token: Optional[str],
    date: str, digest: str,
    extra: Optional[Dict[str, str]] = None, service: str = "s3",
) -> Dict[str, str]:  # fmt: skip
    """Returns all headers of the signed request, including `host`.

    `path` is already percent-encoded. `date` is in ISO 8601 basic format, such as `20260101T000000Z`. `digest` is the
    sha256 of the body, in hexadecimal.
    """
    signed = {
        "host": host,
        "x-amz-content-sha256": digest,
        "x-amz-date": date,
        **{name.lower(): value for name, value in (extra or {}).items()},
    }
    if token:
        signed["x-amz-security-token"] = token
    order = sorted(signed)
    names = ";".join(order)
    canonical = "\n".join(
        (method, path, encoded_query(query), *(f"{name}:{signed[name].strip()}" for name in order), "", names, digest)
    )
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signing = _keys.get((secret, date[:8], region, service))
    if signing is None:
        signing = f"AWS4{secret}".encode()
        for part in (date[:8], region, service, "aws4_request"):
            signing = _hmac(signing, part.encode())
        _keys[secret, date[:8], region, service] = signing
    mac = _hmac(signing, text.encode()).hex()
    signed["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={mac}"
    return signed


def _hmac(key: bytes, message: bytes) -> bytes:
    """Computes HMAC (RFC 2104) with sha256. The `hmac` module would take 4 ms to import."""
    key = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    digest: bytes = sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()
    return digest


def encoded_query(query: Dict[str, str]) -> str:
    """Returns the query string in canonical form: RFC 3986 encoded, then sorted."""
    return "&".join(
        f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, value in query.items())
    )


def encoded_path(path: str) -> str:
    """Returns the path in S3's canonical form: percent-encoded once, except unreserved characters and `/`."""
    return "/".join(map(_encoded, path.split("/")))


def _encoded(text: str) -> str:
    return text if _UNRESERVED.issuperset(text) else "".join([_ENCODED[byte] for byte in text.encode()])

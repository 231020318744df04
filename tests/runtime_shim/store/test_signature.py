"""Requests are signed as AWS's own client signs them."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from flowc.runtime_shim.store import signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy machine
@given(
    path=TEXT,
    query=st.dictionaries(TEXT, TEXT, max_size=3),
    token=st.none() | st.just("session"),
    method=st.sampled_from(["GET", "PUT", "HEAD"]),
)
def test_signed_as_botocore_does(path: str, query: dict[str, str], token: str | None, method: str) -> None:
    coded = signature.encoded_path("/bucket/" + path)
    signed = signature.headers(
        method,
        "host.example",
        coded,
        query,
        "eu-west-1",
        "KEY",
        "SECRET",
        token,
        "20260102T030405Z",
        hashlib.sha256(b"body").hexdigest(),
    )
    request = AWSRequest(
        method,
        f"https://host.example{coded}{'?' + urlencode(query, quote_via=quote, safe='-_.~') if query else ''}",
        data=b"body",
    )
    request.headers["x-amz-content-sha256"] = signed["x-amz-content-sha256"]
    request.headers["X-Amz-Date"] = "20260102T030405Z"
    if token:
        request.headers["X-Amz-Security-Token"] = token
    auth = S3SigV4Auth(Credentials("KEY", "SECRET", token), "s3", "eu-west-1")
    request.context["timestamp"] = "20260102T030405Z"
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert signed["authorization"].endswith(f"Signature={expected}")


def test_another_service_has_a_key_of_its_own() -> None:
    """After a request to S3 with the same secret on the same day, whose key is kept."""
    digest, date = hashlib.sha256(b"{}").hexdigest(), "20260102T030405Z"
    common = ("eu-west-1", "KEY", "SECRET", "session", date, digest)
    signature.headers("GET", "s3.example", "/bucket", {}, *common)
    signed = signature.headers("POST", "api.example", "/", {}, *common, {"x-amz-target": "Get"}, "ecr")
    request = AWSRequest("POST", "https://api.example/", data=b"{}")
    for name in ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-target"):
        request.headers[name] = signed[name]
    request.context["timestamp"] = date
    auth = SigV4Auth(Credentials("KEY", "SECRET", "session"), "ecr", "eu-west-1")
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert signed["authorization"].endswith(f"Signature={expected}")

"""A client of registries (OCI distribution specification 1.1): manifests and blobs of one repository.

Small on purpose, with the standard library alone: a user's machine needs no further package for it, and what flowc
needs beyond a usual client for artifacts (mounts of a base image's layers, an index of several machines, layers from
memory) is most of it. Proxies and certificates are those of `urllib` (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

from flowc.terminal import Failure

from . import cloud, credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .credentials import Credentials
    from .references import Reference

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LARGEST_MANIFEST = 4 << 20  # bytes, which registries must accept at least
ATTEMPTS = 5
PATIENCE = 60.0  # seconds without a byte
_PIECE = 1 << 20


class Missing(Exception):
    """An image or a part of one that the registry does not have."""


class Repository:
    """One repository of a registry. Its methods raise Failure for whatever cannot be done."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.root = f"{'http' if reference.is_loopback else 'https'}://{reference.server}/v2/{reference.name}"
        self._authorization = ""
        self._credentials: Credentials | None = None
        self._looked = False

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """Returns the manifest and its digest. `reference` is a tag or a digest. Raises Missing."""
        answer = self._send("GET", f"{self.root}/manifests/{reference}", {"Accept": ", ".join(MANIFESTS)})
        data = answer.read(LARGEST_MANIFEST + 1)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if len(data) > LARGEST_MANIFEST or (":" in reference and digest != reference):
            raise Failure(
                f"the registry's manifest {reference} of {self.reference.repository} does not match its digest"
            )
        return data, digest

    def blob(self, digest: str, into: BinaryIO) -> None:
        """Writes the blob to the file, which must be empty. Raises Missing."""
        for attempt in range(ATTEMPTS):
            answer = self._send("GET", f"{self.root}/blobs/{digest}")
            seen = hashlib.sha256()
            try:
                while piece := answer.read(_PIECE):
                    seen.update(piece)
                    into.write(piece)
            except (OSError, http.client.HTTPException) as error:
                if attempt + 1 == ATTEMPTS:
                    raise Failure(f"cannot fetch {digest} of {self.reference.repository}: {error}") from None
                seen = hashlib.sha256()
            if f"sha256:{seen.hexdigest()}" == digest:
                return
            into.seek(0)
            into.truncate()
        raise Failure(f"the registry's content of {digest} in {self.reference.repository} does not match its digest")

    def has(self, digest: str, kind: str = "blobs") -> bool:
        """Returns True if the repository holds the blob, or with `manifests` the manifest."""
        headers = {"Accept": ", ".join(MANIFESTS)} if kind == "manifests" else {}
        try:
            self._send("HEAD", f"{self.root}/{kind}/{digest}", headers).close()
        except Missing:
            return False
        return True

    def mount(self, digest: str, source: str) -> bool:
        """Takes the blob from another repository of the registry. Returns False if the registry does not do that."""
        query = urllib.parse.urlencode({"mount": digest, "from": source})
        try:
            answer = self._send("POST", f"{self.root}/blobs/uploads/?{query}", data=b"", also=source)
        except Missing:
            return False
        answer.close()
        return int(answer.status) == 201

    def put_blob(self, digest: str, data: bytes | BinaryIO, size: int) -> None:
        """Uploads the blob, unless it exists. A file must be at its beginning."""
        if self.has(digest):
            return
        for attempt in range(ATTEMPTS):
            try:
                answer = self._send("POST", f"{self.root}/blobs/uploads/", data=b"")
            except Missing:
                raise Failure(self._unknown()) from None
            answer.close()
            place = urllib.parse.urljoin(f"{self.root}/blobs/uploads/", answer.headers.get("Location") or "")
            url = f"{place}{'&' if '?' in place else '?'}{urllib.parse.urlencode({'digest': digest})}"
            if not isinstance(data, bytes):
                data.seek(0)
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            try:
                self._send("PUT", url, headers, data, attempts=1).close()
                return
            except (Missing, _Passing) as error:  # the registry has lost the upload: begin again
                if attempt + 1 == ATTEMPTS:
                    raise Failure(f"cannot upload {digest} to {self.reference.repository}: {error}") from None
                _pause(attempt, "")

    def put_manifest(self, name: str, data: bytes, media_type: str) -> None:
        """Uploads the manifest under a tag or under its digest."""
        try:
            self._send("PUT", f"{self.root}/manifests/{name}", {"Content-Type": media_type}, data).close()
        except Missing:
            raise Failure(self._unknown()) from None

    def _unknown(self) -> str:
        return f"the registry has no repository {self.reference.repository}: create it, or name a different one"

    def _send(
        self, method: str, url: str, headers: dict[str, str] | None = None, data: bytes | BinaryIO | None = None,
        attempts: int = ATTEMPTS, also: str = "",
    ) -> Any:  # fmt: skip
        """Sends the request, again after passing failures, and returns the answer.

        `also` is another repository that the request reads. Raises Missing for 404, _Passing if the only attempt
        failed for a reason that passes, and Failure.
        """
        refused = False
        attempt = 0
        while True:
            try:
                return self._once(method, url, headers or {}, data)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == 401 and not refused:
                        refused = True
                        self._authorize(error.headers.get_all("WWW-Authenticate") or [], also)
                        if data is not None and not isinstance(data, bytes):
                            data.seek(0)
                        continue
                    if error.code == 404:
                        raise Missing(url) from None
                    if error.code not in (408, 429) and error.code < 500:
                        raise Failure(self._explained(method, url, error)) from None
                    reason, wait = f"HTTP status {error.code}", error.headers.get("Retry-After") or ""
            except urllib.error.URLError as error:
                reason, wait = str(error.reason), ""
                if "CERTIFICATE_VERIFY_FAILED" in reason:
                    attempt = attempts
            except (OSError, http.client.HTTPException) as error:
                reason, wait = str(error) or type(error).__name__, ""
            attempt += 1
            if attempts == 1:
                raise _Passing(reason)
            if attempt >= attempts:
                raise Failure(f"the registry {self.reference.host} cannot be reached: {reason}")
            _pause(attempt - 1, wait)

    def _once(self, method: str, url: str, headers: dict[str, str], data: bytes | BinaryIO | None) -> Any:
        request = urllib.request.Request(url, data, headers, method=method)
        if self._authorization and urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(self.root)[:2]:
            request.add_unredirected_header("Authorization", self._authorization)  # a store of blobs gets none
        return urllib.request.urlopen(request, timeout=PATIENCE)

    def _explained(self, method: str, url: str, error: urllib.error.HTTPError) -> str:
        what = "pull from" if method in ("GET", "HEAD") else "push to"
        detail = ""
        try:
            first = json.loads(error.read(_PIECE))["errors"][0]
            detail = f": {first.get('code', '')} {first.get('message', '')}".rstrip()
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError):
            pass
        if error.code in (401, 403):
            who = "with the credentials found" if self._credentials else "without credentials"
            return (
                f"{self.reference.host} refuses to {what} {self.reference.name} {who} "
                f"(HTTP status {error.code}{detail}): "
                f"run `docker login {self.reference.host}`, or name the file with credentials in REGISTRY_AUTH_FILE"
                f"{cloud.hint(self.reference.host)}"
            )
        return f"cannot {what} {self.reference.repository}: HTTP status {error.code}{detail}"

    def _authorize(self, challenges: list[str], also: str) -> None:
        """Gets what the registry asks for (distribution, Token Authentication Specification)."""
        if not self._looked:
            self._credentials, self._looked = _found(self.reference), True
        for challenge in challenges:
            scheme, _, rest = challenge.partition(" ")
            if scheme.lower() == "bearer":
                self._authorization = f"Bearer {self._token(_parameters(rest), also)}"
                return
        if self._credentials is not None:
            self._authorization = self._credentials.basic

    def _token(self, asked: dict[str, str], also: str) -> str:
        realm = asked.get("realm", "")
        if urllib.parse.urlsplit(realm).scheme != "https" and not self.reference.is_loopback:
            raise Failure(f"the registry {self.reference.host} wants credentials sent without TLS, to {realm}")
        scopes = [f"repository:{self.reference.name}:pull,push"] + ([f"repository:{also}:pull"] if also else [])
        if asked.get("scope", "").endswith(":pull"):  # a right to push need not exist for reading
            scopes[0] = asked["scope"]
        fields = [("service", asked["service"])] if asked.get("service") else []
        if self._credentials is not None and self._credentials.token:
            form = [
                *fields, ("scope", " ".join(scopes)), ("grant_type", "refresh_token"), ("client_id", "flowc"),
                ("refresh_token", self._credentials.token),
            ]  # fmt: skip
            request = urllib.request.Request(realm, urllib.parse.urlencode(form).encode())
        else:
            query = urllib.parse.urlencode([*fields, *(("scope", scope) for scope in scopes)])
            request = urllib.request.Request(f"{realm}{'&' if '?' in realm else '?'}{query}")
            if self._credentials is not None:
                request.add_unredirected_header("Authorization", self._credentials.basic)
        for attempt in range(ATTEMPTS):
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    reply = json.loads(answer.read(_PIECE))
                return str(reply.get("token") or reply["access_token"])
            except urllib.error.HTTPError as error:
                with error:
                    if error.code < 500 and error.code != 429:
                        raise Failure(self._explained("PUT" if ",push" in scopes[0] else "GET", realm, error)) from None
                    reason = f"HTTP status {error.code}"
            except (ValueError, KeyError, AttributeError):
                raise Failure(f"the token service of {self.reference.host} gave an invalid answer") from None
            except (OSError, http.client.HTTPException) as error:
                reason = str(error)
            _pause(attempt, "")
        raise Failure(f"the token service of {self.reference.host} cannot be reached: {reason}")


def _found(reference: Reference) -> Credentials | None:
    """Returns the credentials of `docker login`, else those that the cloud gives to this machine."""
    own = credentials.find(reference)
    if own is None and reference.host.endswith(cloud.HOSTS):
        return cloud.find(reference.host)
    return own


class _Passing(Exception):
    """A failure of one attempt that may not happen again."""


def _pause(attempt: int, asked: str) -> None:
    time.sleep(
        min(float(asked), 60.0) if asked.isdigit() else min(0.2 * 2**attempt, 5.0) * (0.5 + os.urandom(1)[0] / 255)
    )


def _parameters(text: str) -> dict[str, str]:
    """Returns the parameters of a challenge (RFC 9110, section 11.2).

    >>> _parameters('realm="https://a/b",service="c d", scope="repository:x:pull,push"')
    {'realm': 'https://a/b', 'service': 'c d', 'scope': 'repository:x:pull,push'}
    """
    pairs = (parameter.partition("=") for parameter in urllib.request.parse_http_list(text))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}

"""A datastore in S3, or in any server that speaks its protocol (Amazon S3 API reference). No client library: a container needs none.

Endpoint, region and credentials are taken from the environment as AWS's own clients do. Create-if-absent is `If-None-Match: *`; a server
that does not know conditional writes is noticed by its answer, and an object that was there is not replaced.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import urlsplit
from xml.sax.saxutils import unescape

from flowc.runtime_shim import digest as digests
from flowc.runtime_shim.content import Content, Damaged
from flowc.runtime_shim.errors import StoreError, UsageError

from . import credentials, signature

ATTEMPTS = 6
TIMEOUT = 60.0  # seconds without a byte
_PASSING = (429, 500, 502, 503, 504)  # and the codes of 400 and 409 that S3 asks to try again
_AGAIN = ("RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "SlowDown")


class S3Store:
    """`url` is s3://BUCKET or s3://BUCKET/PREFIX. One connection, kept open; not for several threads at once."""

    remote = True

    def __init__(self, url: str) -> None:
        bucket, _, prefix = url[len("s3://") :].partition("/")
        if not bucket:
            raise UsageError(f"{url!r} names no bucket")
        self.url = url.rstrip("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _configured_region() or "us-east-1"
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        if endpoint:
            parts = urlsplit(endpoint)
            self.secure, self.host, self.base = parts.scheme != "http", parts.netloc, f"{parts.path.rstrip('/')}/{bucket}"
        elif "." in bucket:  # no certificate covers such a host name
            self.secure, self.host, self.base = True, f"s3.{self.region}.{_domain(self.region)}", f"/{bucket}"
        else:
            self.secure, self.host, self.base = True, f"{bucket}.s3.{self.region}.{_domain(self.region)}", ""
        self._connection: Optional[http.client.HTTPConnection] = None
        self._credentials: Optional[credentials.Credentials] = None

    def get(self, name: str) -> Optional[bytes]:
        status, data = self._request("GET", name, accept=(200, 404))
        if status == 404:
            if b"NoSuchBucket" in data:
                raise StoreError(f"{self.url}: there is no such bucket")
            return None
        return data

    def put(self, name: str, data: bytes) -> None:
        self._request("PUT", name, data, accept=(200,))

    def put_if_absent(self, name: str, data: bytes) -> bool:
        status, answer = self._request("PUT", name, data, accept=(200, 412, 501), headers={"if-none-match": "*"})
        if status == 501:  # a server without conditional writes
            if self.exists(name):
                return False
            self.put(name, data)
        if status == 412 and self._retried and self.get(name) == data:
            return True  # our own first try, whose answer was lost
        return status != 412

    def exists(self, name: str) -> bool:
        status, _ = self._request("HEAD", name, accept=(200, 404))
        return status == 200

    def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
        target = name(content.digest)
        if not self.exists(target):
            self.put_if_absent(target, content.bytes())

    def read_blob(self, name: str, size: int, digest: str) -> Any:
        found = self.get(name)
        if found is not None and (len(found) != size or digests.of(found) != digest):
            raise Damaged("its content is not what its digest says")
        return None if found is None else bytearray(found)

    def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
        found = self.get(name)
        return None if found is None else bytearray(found[start : start + size])

    def list(self, prefix: str) -> Iterator[str]:
        """By ListObjectsV2, a thousand names a request."""
        for text in self._pages({"prefix": self.prefix + prefix}):
            for key in re.findall("<Key>(.*?)</Key>", text, re.DOTALL):
                yield _plain(key)[len(self.prefix) :]

    def folders(self, prefix: str) -> Iterator[str]:
        """By ListObjectsV2 with a delimiter, a thousand a request."""
        for text in self._pages({"prefix": self.prefix + prefix, "delimiter": "/"}):
            for each in re.findall("<CommonPrefixes>.*?<Prefix>(.*?)</Prefix>.*?</CommonPrefixes>", text, re.DOTALL):
                yield _plain(each)[len(self.prefix + prefix) : -1]

    def close(self) -> None:
        """Closes the connection, until the next request."""
        self._close()

    def _pages(self, query: Dict[str, str]) -> Iterator[str]:
        token = ""
        while True:
            _, data = self._request("GET", None, accept=(200,), query={"list-type": "2", **query, **({"continuation-token": token} if token else {})})
            text = data.decode()
            yield text
            found = re.search("<NextContinuationToken>(.*?)</NextContinuationToken>", text, re.DOTALL)
            if not found or "<IsTruncated>true</IsTruncated>" not in text:
                return
            token = _plain(found.group(1))

    def _request(
        self, method: str, name: Optional[str], body: bytes = b"", accept: Tuple[int, ...] = (200,), query: Optional[Dict[str, str]] = None,
        headers: Optional[Dict[str, str]] = None,
    ) -> Tuple[int, bytes]:  # fmt: skip
        """Returns (status, body) of an answer whose status is accepted. Raises StoreError for any other, after several tries."""
        path = signature.encoded_path(f"{self.base}/{self.prefix + name if name is not None else ''}")
        problems: List[str] = []
        for attempt in range(ATTEMPTS):
            self._retried = attempt > 0
            if attempt:
                time.sleep(min(0.1 * 3**attempt, 10) * (0.5 + os.urandom(1)[0] / 255))
            try:
                status, data = self._once(method, path, query or {}, body, headers or {})
            except (OSError, http.client.HTTPException, socket.timeout, ssl.SSLError) as error:
                self._close()
                problems.append(f"{type(error).__name__}: {error}")
                continue
            if status in accept:
                return status, data
            code, message = _problem(data)
            problems.append(f"{status} {code} {message}".strip())
            if status not in _PASSING and code not in _AGAIN:
                if status in (301, 307, 400) and code in ("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"):
                    problems[-1] += " (is AWS_REGION the bucket's region?)"
                break
        what = f"{method} {name}" if name is not None else f"listing {(query or {}).get('prefix')}"
        raise StoreError(f"{self.url}: {what} failed: {problems[-1]}" + (f" (tried {len(problems)} times)" if len(problems) > 1 else ""))

    def _once(self, method: str, path: str, query: Dict[str, str], body: bytes, extra: Dict[str, str]) -> Tuple[int, bytes]:
        if self._credentials is None or not self._credentials.is_fresh:
            self._credentials = credentials.find()
        mine = self._credentials
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        signed = signature.headers(method, self.host, path, query, self.region, mine.key, mine.secret, mine.token, date, body, extra)
        if self._connection is None:
            kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
            self._connection = kind(self.host, timeout=TIMEOUT)
        target = f"{path}?{signature.encoded_query(query)}" if query else path
        self._connection.request(method, target, body=body if method == "PUT" else None, headers=signed)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.getheader("connection", "").lower() == "close":
            self._close()
        return answer.status, data

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _problem(data: bytes) -> Tuple[str, str]:
    """The code and the message of an error's XML."""
    text = data.decode("utf-8", "replace")
    code, message = re.search("<Code>(.*?)</Code>", text), re.search("<Message>(.*?)</Message>", text, re.DOTALL)
    return _plain(code.group(1)) if code else "", _plain(message.group(1)) if message else ""


def _plain(text: str) -> str:
    return unescape(text, {"&quot;": '"', "&apos;": "'"})


def _configured_region() -> str:
    path = os.path.expanduser(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config")
    if not os.path.exists(path):
        return ""
    import configparser

    files = configparser.RawConfigParser()
    files.read(path)
    profile = os.environ.get("AWS_PROFILE")
    section = f"profile {profile}" if profile and profile != "default" else "default"
    return files.get(section, "region", fallback="")


def _domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
